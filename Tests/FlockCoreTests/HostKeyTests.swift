import Testing

@testable import FlockCore

@Suite struct HostKeyTests {
    // GitHub publishes both.
    private static let line =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
    private static let fingerprint = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"

    @Test(arguments: [fingerprint, line, "github.com \(line)", "github.com \(line) a comment", "\(line) comment"])
    func `a fingerprint and a key of known_hosts are the same`(_ text: String) {
        #expect(HostKey(text)?.fingerprint == Self.fingerprint)
    }

    @Test(arguments: [
        "", "SHA256:", "SHA256:abc", "MD5:16:27:ac:a5", "ssh-ed25519", "ssh-ed25519 AAAA",
        "ssh-rsa \(line.dropFirst(12))",
        "\(fingerprint)=", "\(fingerprint)|*) echo", "github.com",
    ])
    func `nothing else is a host key`(_ text: String) {
        #expect(HostKey(text) == nil)
    }
}

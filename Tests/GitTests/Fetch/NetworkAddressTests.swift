import Testing

@testable import Git

@Suite struct NetworkAddressTests {
    private func address(_ text: String) async throws -> NetworkAddress {
        try await HostAddresses.lookup(text, includingPrivate: true).first.orThrow()
    }

    @Test(arguments: [
        "140.82.121.4", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.0.1", "100.128.0.1", "192.167.255.255",
        "223.255.255.255", "2606:4700::1111", "2a01:4f8::1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1",
    ])
    func isPublic(_ text: String) async throws {
        #expect(try await address(text).isPublic)
    }

    @Test(arguments: [
        "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1",
        "ff02::1", "2001:db8::1", "2001::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "2002:a00:1::1", "2002:7f00:1::", "3fff::1", "fec0::1", "::127.0.0.1",
    ])
    func isNotPublic(_ text: String) async throws {
        #expect(try await !address(text).isPublic)
        await expectError(.unsafeAddress) { try await HostAddresses.lookup(text, includingPrivate: false) }
    }
}

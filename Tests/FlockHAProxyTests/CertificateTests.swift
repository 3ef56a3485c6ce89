import FlockTesting
import Foundation
import HAProxy
import Testing

@testable import FlockHAProxy

@Suite struct CertificateTests {
    private func code(_ text: String) -> String? {
        do {
            _ = try Certificate(text, at: Date())
            return nil
        } catch {
            return error.code.rawValue
        }
    }

    @Test func `the key may stand anywhere, and comes last`() async throws {
        let authority = try await TestAuthority()
        let issued = try await authority.issue("a.test")
        let certificate = try Certificate(issued.key + issued.chain, at: Date())
        let other = try Certificate(issued.chain + issued.key, at: Date())
        #expect(certificate == other)
        #expect(certificate.pem.blocks.map(\.isKey) == [false, false, true])
        #expect(certificate.expiry.timeIntervalSinceNow > 86_400)
    }

    @Test func `what is wrong has a code`() async throws {
        let authority = try await TestAuthority()
        let (one, other) = (try await authority.issue("a.test"), try await authority.issue("a.test"))
        let old = try await authority.issue("a.test", days: 0)
        #expect(code(one.chain) == "certificate_incomplete")
        #expect(code(one.key) == "certificate_incomplete")
        #expect(code("") == "certificate_incomplete")
        #expect(code(one.chain + one.key + other.key) == "certificate_incomplete")
        #expect(code(one.chain + other.key) == "certificate_mismatch")
        #expect(code(old.chain + old.key) == "certificate_expired")
        #expect(code(PEM.nonsense("CERTIFICATE") + one.key) == "certificate_unreadable")
        #expect(code(one.chain + PEM.nonsense("PRIVATE KEY")) == "certificate_unreadable")
        #expect(code(one.chain + PEM.nonsense("ENCRYPTED PRIVATE KEY")) == "certificate_unreadable")
    }

    private enum PEM {
        static func nonsense(_ label: String) -> String { "-----BEGIN \(label)-----\nQUJD\n-----END \(label)-----\n" }
    }

    @Test func `openssl reads the certificate that nobody has signed`() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/self-signed.pem"
        let pem = try SelfSignedCertificate.make(domain: "flock.test")
        try pem.text.write(toFile: path, atomically: true, encoding: .utf8)
        _ = try Certificate(pem.text, at: Date())
        let shown = try await run("openssl", ["x509", "-in", path, "-noout", "-text"])
        #expect(shown.isSuccess && shown.output.contains("DNS:flock.test, DNS:*.flock.test"), "\(shown.output)")
        let verified = try await run("openssl", ["verify", "-x509_strict", "-CAfile", path, path])
        #expect(verified.isSuccess, "\(verified.output)")
    }
}

import Foundation
import HAProxy
import NIOSSL

/// A chain of certificates with the private key of the first.
struct Certificate: Sendable, Hashable {
    /// The chain, then the key.
    let pem: PEMText
    /// When the first of the chain expires.
    let expiry: Date

    /// - Parameter text: of one file or of all its files, in any order of keys and certificates.
    /// - Throws: `certificate_incomplete`, `certificate_unreadable`, `certificate_mismatch`, `certificate_expired`.
    ///   No error tells anything of the key.
    init(_ text: String, at now: Date) throws(HAProxyError) {
        let found = PEMText(in: text)
        let chain = found.blocks.filter(\.isCertificate)
        let keys = found.blocks.filter(\.isKey)
        guard let first = chain.first else {
            throw HAProxyError(certificate: .certificateIncomplete, "it holds no certificate")
        }
        guard keys.count == 1, let key = keys.first else {
            throw HAProxyError(
                certificate: .certificateIncomplete, "it holds \(keys.count) private keys without a password",
                hint: "put the key into the same file, or beside NAME.crt as NAME.key")
        }
        let leaf: NIOSSLCertificate
        let privateKey: NIOSSLPrivateKey
        do {
            leaf = try NIOSSLCertificate(bytes: Array(first.text.utf8), format: .pem)
            for block in chain.dropFirst() { _ = try NIOSSLCertificate(bytes: Array(block.text.utf8), format: .pem) }
            // Rather no passphrase than a question on the terminal.
            privateKey = try NIOSSLPrivateKey(bytes: Array(key.text.utf8), format: .pem) { set in set([UInt8]()) }
        } catch {
            throw HAProxyError(
                certificate: .certificateUnreadable, "a certificate or the key in it cannot be read",
                hint: "openssl x509 -noout -text and openssl pkey -noout tell which")
        }
        do {
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: [.certificate(leaf)], privateKey: .privateKey(privateKey)))
        } catch {
            throw HAProxyError(
                certificate: .certificateMismatch, "the key is not that of its first certificate",
                hint: "the certificate of the site stands first, its issuers behind it")
        }
        expiry = Date(timeIntervalSince1970: TimeInterval(leaf.notValidAfter))
        guard expiry > now else {
            throw HAProxyError(
                certificate: .certificateExpired, "it expired on \(expiry.formatted(.iso8601))", hint: "renew it")
        }
        pem = PEMText(chain + keys)
    }
}

extension HAProxyError.Code {
    /// A chain without its key, or a key alone.
    static let certificateIncomplete = Self(rawValue: "certificate_incomplete")
    static let certificateUnreadable = Self(rawValue: "certificate_unreadable")
    static let certificateMismatch = Self(rawValue: "certificate_mismatch")
    static let certificateExpired = Self(rawValue: "certificate_expired")
    /// Sound to us, but not to HAProxy's TLS library.
    static let certificateRefused = Self(rawValue: "certificate_refused")
}

extension HAProxyError {
    init(certificate code: Code, _ message: String, hint: String? = nil) {
        self.init(code: code, operation: "read the certificate", message: message, hint: hint)
    }
}

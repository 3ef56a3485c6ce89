import FlockTesting
import Foundation

/// An authority that signs certificates for tests, and the folder that they are put into.
struct TestAuthority {
    /// Of the certificates that are served.
    let folder: String
    private let work: TemporaryFolder

    /// The authority's own certificate.
    var root: String { "\(work.path)/ca.crt" }

    init() async throws {
        work = try TemporaryFolder()
        folder = "\(work.path)/certificates"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await openssl(
            "req", "-x509", "-days", "2", "-subj", "/CN=Test authority", "-out", root, "-keyout", "ca.key")
    }

    /// What one certificate is made of.
    struct Issued {
        var chain: String
        var key: String
    }

    /// - Parameter days: 0 for one that has expired.
    func issue(_ host: String, days: Int = 2, key: [String] = Self.elliptic) async throws -> Issued {
        try await openssl(
            "req", "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)", "-out", "request", "-keyout", "key",
            key: key)
        let signed = try await run(
            "openssl",
            [
                "x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-copy_extensions", "copyall",
                "-days", "\(days)", "-set_serial", "\(Int.random(in: 1...Int.max))", "-out", "certificate",
            ], in: work.path)
        guard signed.isSuccess else { throw NeverHappened(description: signed.output) }
        return Issued(chain: try read("certificate") + read("ca.crt"), key: try read("key"))
    }

    /// One file in the folder, moved into place.
    func put(_ text: String, as name: String) throws {
        let path = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: path, options: .atomic)
    }

    func put(_ issued: Issued, as name: String) throws { try put(issued.key + issued.chain, as: name) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }

    private static let elliptic = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

    private func read(_ name: String) throws -> String {
        try String(contentsOfFile: "\(work.path)/\(name)", encoding: .utf8)
    }

    private func openssl(_ arguments: String..., key: [String] = Self.elliptic) async throws {
        let ran = try await run(
            "openssl", arguments.prefix(1) + ["-nodes", "-newkey"] + key + arguments.dropFirst(), in: work.path)
        guard ran.isSuccess else { throw NeverHappened(description: ran.output) }
    }
}

import Foundation

/// An authority of the test's own, and a certificate of it for a server at localhost.
struct TestAuthority {
    private let workspace: Workspace

    init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// PEM.
    var certificate: String { "\(workspace.folder)/authority.pem" }

    /// - Parameter name: as openssl writes alternative names.
    /// - Returns: a PEM file with certificate and key.
    func issue(to name: String) async throws -> String {
        let folder = workspace.folder
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        _ = try await workspace.run(
            ["openssl", "req", "-x509", "-subj", "/CN=Flock's test authority", "-out", certificate]
                + ["-keyout", "\(folder)/authority.key"] + key, input: [])
        let server = "\(folder)/server.pem"
        _ = try await workspace.run(
            ["openssl", "req", "-x509", "-subj", "/CN=localhost", "-addext", "subjectAltName=\(name)"]
                + ["-addext", "basicConstraints=critical,CA:FALSE", "-CA", certificate]
                + ["-CAkey", "\(folder)/authority.key", "-out", server, "-keyout", "\(folder)/server.key"] + key,
            input: [])
        let pem = try [server, "\(folder)/server.key"].map { try String(contentsOfFile: $0, encoding: .utf8) }
        try Data(pem.joined().utf8).write(to: URL(filePath: server))
        return server
    }
}

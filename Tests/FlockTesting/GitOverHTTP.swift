import Foundation

/// The git repositories of a folder, served by `git http-backend`.
public enum GitOverHTTP {
    /// - Parameter port: on loopback; a free one.
    public static func serve(_ folder: String, port: Int, _ test: () async throws -> Void) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let server = """
            process.argv.splice(1, 0, ""); process.argv[3] = "\(folder)";
            import("\(root.path)/Benchmarks/Programs/git-http.mjs");
            """
        try await NodeProgram.run(server, ports: [port], test)
    }
}

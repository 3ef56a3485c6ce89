import Foundation

/// `Programs/server.c`, compiled: starts in no time, and says when it did.
struct StaticServer {
    let program: String

    init(in folder: URL) throws {
        program = folder.appendingPathComponent("server").path
        try Program.run(
            "/usr/bin/gcc", ["-O2", "-o", program, Self.programs.appendingPathComponent("server.c").path], in: folder)
    }

    /// The folder of what the benchmarks run that is not Swift.
    static var programs: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Programs")
    }

    /// - Parameter word: which it answers with.
    func launch(port: Int, answering word: String, in folder: URL) throws -> Process {
        let process = try Program.launch(program, [word], in: folder, environment: ["PORT": "\(port)"])
        try Program.wait("the server") {
            guard let socket = RawHTTP.connect(port: port) else { return false }
            close(socket)
            return true
        }
        return process
    }
}

import Foundation
import HTTPTypes
import Hummingbird
import Marathon
import NIOPosix

/// Files of tasks' sandboxes. Source: Mesos' `/files/read`.
struct FileRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        router.get("/files/read", use: guarded.reading { try await read($0) })
    }

    private func read(_ request: APIRequest) async throws -> Response {
        guard let path = request.value("path").flatMap(file) else { throw Self.noSuchFile }
        let asked = request.value("offset").flatMap { Int($0) } ?? 0
        let length = min(max(0, request.value("length").flatMap { Int($0) } ?? 65_536), 1 << 20)
        let chunk = try await NIOThreadPool.singleton.runIfActive { () throws -> FileChunk in
            do {
                return try LogFile.read(path, from: asked, length: length)
            } catch {
                throw Self.noSuchFile
            }
        }
        return .json(chunk)
    }

    /// `<task id>/<file>` or, for an app's newest task, `latest/<app>/<file>`.
    private func file(_ path: String) -> String? {
        var parts = path.split(separator: "/").map(String.init)
        if parts.count == 3, parts[0] == "latest" {
            parts.removeFirst()
            guard let newest = engine.folders.newest(of: parts[0]) else { return nil }
            parts[0] = newest
        }
        guard parts.count == 2, ["stdout", "stderr"].contains(parts[1]), !parts[0].hasPrefix("."),
            // To Swift a slash with an accent is another character, to the system it is a slash.
            !parts[0].utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") })
        else { return nil }
        return "\(engine.folders.sandbox(parts[0]))/\(parts[1])"
    }

    private static let noSuchFile = EngineError(
        code: .notFound, message: "no such file; the path is <task id>/stdout or <task id>/stderr")
}

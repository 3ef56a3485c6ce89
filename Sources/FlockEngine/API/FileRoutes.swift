import FlockCore
import Foundation
import HTTPTypes
import Hummingbird
import Marathon
import NIOCore
import NIOPosix

/// Files of tasks' sandboxes. Source: Mesos' `/files/read` and `/files/download`.
struct FileRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        router.get("/files/read", use: guarded.reading { try await read($0) })
        // A sandbox may hold more than what a task prints.
        router.get("/files/download", use: guarded.changing { try download($0) })
    }

    /// A whole file at the top of a sandbox.
    private func download(_ request: APIRequest) throws -> Response {
        let parts = (request.value("path") ?? "").split(separator: "/").map(String.init)
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { throw Self.noSuchFile }
        let file: FileHandle
        let size: Int
        do {
            (file, size) = try LogFile.whole("\(engine.folders.sandbox(parts[0]))/\(parts[1])")
        } catch {
            throw Self.noSuchFile
        }
        return Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: .init(contentLength: size) { writer in
                defer { try? file.close() }
                var left = size
                while left > 0 {
                    let count = min(left, 256 << 10)
                    let data = try await NIOThreadPool.singleton.runIfActive { try file.read(upToCount: count) }
                    // It became shorter: the connection ends before the length that was promised.
                    guard let data, !data.isEmpty else { throw Self.noSuchFile }
                    left -= data.count
                    try await writer.write(ByteBuffer(bytes: data))
                    CrashPoint.engineDownloading.pass()
                }
                try await writer.finish(nil)
            })
    }

    private static func isName(_ text: String) -> Bool {
        // To Swift a slash with an accent is another character, to the system it is a slash.
        !text.hasPrefix(".") && !text.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
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
        guard parts.count == 2, ["stdout", "stderr"].contains(parts[1]), Self.isName(parts[0]) else { return nil }
        return "\(engine.folders.sandbox(parts[0]))/\(parts[1])"
    }

    private static let noSuchFile = EngineError(
        code: .notFound, message: "no such file; the path is <task id>/stdout or <task id>/stderr")
}

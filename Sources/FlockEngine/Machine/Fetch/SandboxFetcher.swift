import AsyncHTTPClient
import Foundation
import Marathon
import NIOCore
import NIOHTTP1
import NIOPosix

/// Puts an app's files into a sandbox before its task starts: from this machine or over HTTP, unpacked when they are
/// archives. Nothing of the task runs yet, so nobody changes the folder meanwhile.
/// Source: Mesos' fetcher, docs/fetcher.md.
struct SandboxFetcher: Sendable {
    let http: HTTPClient
    /// Bytes of a file, and of what an archive holds.
    var sizeLimit = 2 << 30
    var deadline = Duration.seconds(300)

    /// - Throws: ``EngineError`` with code `artifact`: "Failed to fetch …", the address and why. `CancellationError`.
    func fetch(_ fetch: Fetch, into sandbox: String) async throws {
        do {
            try await attempt(fetch, into: sandbox)
        } catch {
            try Task.checkCancellation()
            let why = (error as? EngineError)?.message ?? "\(error)"
            throw EngineError(code: .artifact, message: "Failed to fetch \(fetch.uri): \(why)")
        }
    }

    private func attempt(_ fetch: Fetch, into sandbox: String) async throws {
        guard let place = FetchPlace(fetch) else {
            throw EngineError(code: .artifact, message: "its place \(fetch.destPath ?? "") is not in the sandbox")
        }
        let source = try FetchSource(fetch.uri)
        let archive = fetch.extract && !fetch.executable ? Archive(named: place.name) : nil
        // An archive of this machine is unpacked from where it is.
        if case .file(let path) = source, let archive {
            try checkFile(path)
            try await archive.unpack(path, into: sandbox, sizeLimit: sizeLimit, deadline: deadline)
            return
        }
        let target = try prepare(place, in: sandbox)
        switch source {
        case .file(let path):
            try checkFile(path)
            try await NIOThreadPool.singleton.runIfActive {
                try FileManager.default.copyItem(
                    at: URL(fileURLWithPath: path).resolvingSymlinksInPath(), to: URL(fileURLWithPath: target))
            }
        case .web(let address): try await download(address, to: target)
        }
        if fetch.executable {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: target)
        }
        if let archive {
            try await archive.unpack(target, into: sandbox, sizeLimit: sizeLimit, deadline: deadline)
            try await NIOThreadPool.singleton.runIfActive { try FileManager.default.removeItem(atPath: target) }
        }
    }

    private func checkFile(_ path: String) throws {
        let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: resolved)
        guard let attributes, FileManager.default.isReadableFile(atPath: resolved) else {
            throw EngineError(code: .artifact, message: "cannot be read")
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw EngineError(code: .artifact, message: "is not a file")
        }
        guard (attributes[.size] as? NSNumber)?.intValue ?? 0 <= sizeLimit else { throw tooLarge }
    }

    /// Makes room for the file.
    /// - Returns: its path.
    private func prepare(_ place: FetchPlace, in sandbox: String) throws -> String {
        let folder = ([sandbox] + place.folders).joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let target = "\(folder)/\(place.name)"
        // What an earlier archive has put there may be a link; it is replaced, not followed.
        try? FileManager.default.removeItem(atPath: target)
        return target
    }

    private func download(_ address: String, to target: String) async throws {
        let end = ContinuousClock.now + deadline
        let response: HTTPClientResponse
        do {
            response = try await http.execute(
                HTTPClientRequest(url: address), timeout: .nanoseconds(Int64(deadline / .nanoseconds(1))))
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            throw late
        } catch {
            throw EngineError(code: .artifact, message: "does not answer: \(error)")
        }
        guard response.status == .ok else {
            throw EngineError(code: .artifact, message: "answered \(response.status.code)")
        }
        guard FileManager.default.createFile(atPath: target, contents: nil) else {
            throw EngineError(code: .artifact, message: "cannot be written")
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: target))
        defer { try? file.close() }
        var size = 0
        for try await buffer in response.body {
            size += buffer.readableBytes
            guard size <= sizeLimit else { throw tooLarge }
            guard ContinuousClock.now < end else { throw late }
            let data = Data(buffer.readableBytesView)
            try await NIOThreadPool.singleton.runIfActive { try file.write(contentsOf: data) }
        }
    }

    private var tooLarge: EngineError {
        EngineError(code: .artifact, message: "is larger than \(sizeLimit) bytes")
    }
    private var late: EngineError {
        EngineError(code: .artifact, message: "took longer than \(deadline)")
    }
}

/// Where a file comes from.
enum FetchSource: Sendable, Hashable {
    case file(String)
    case web(String)

    /// - Throws: ``EngineError`` for what is neither a path nor an address of HTTP.
    init(_ uri: String) throws {
        if uri.hasPrefix("/") {
            self = .file(uri)
        } else if let url = URL(string: uri), url.isFileURL, url.path.hasPrefix("/") {
            self = .file(url.path)
        } else if let url = URL(string: uri), ["http", "https"].contains(url.scheme?.lowercased()), url.host() != nil {
            self = .web(uri)
        } else {
            throw EngineError(code: .artifact, message: "is neither an absolute path nor a file, http or https URL")
        }
    }
}

/// Where a file goes, within the sandbox.
struct FetchPlace: Sendable, Hashable {
    var folders: [String]
    var name: String

    /// - Returns: `nil` when the place is not in the sandbox, or there is no name.
    init?(_ fetch: Fetch) {
        let path: String
        if let destPath = fetch.destPath {
            path = destPath
        } else if fetch.uri.hasPrefix("/") {
            path = String(fetch.uri.split(separator: "/").last ?? "")
        } else {
            path = URL(string: fetch.uri)?.lastPathComponent ?? ""
            guard !path.contains("/") else { return nil }
        }
        guard !path.hasPrefix("/"), !path.hasSuffix("/"), !path.utf8.contains(0) else { return nil }
        let parts = path.split(separator: "/").map(String.init)
        guard let name = parts.last, !parts.contains(".."), name != "." else { return nil }
        self.name = name
        folders = parts.dropLast().filter { $0 != "." }
    }
}

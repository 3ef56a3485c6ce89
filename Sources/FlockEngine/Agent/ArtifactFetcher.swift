import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage

/// Puts an app's `uris` into a sandbox; archives are unpacked by tar, as Mesos' fetcher does.
struct ArtifactFetcher: Sendable {
    let http: HTTPClient
    private static let sizeLimit = 1 << 30
    private static let archives = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"]

    /// - Throws: ``EngineError`` with the address and what went wrong.
    func fetch(_ uri: String, into sandbox: String) async throws {
        let path = uri.hasPrefix("/") ? uri : URL(string: uri).flatMap { $0.isFileURL ? $0.path : nil }
        let name = URL(string: uri)?.lastPathComponent ?? ""
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/") else {
            throw Self.failure(uri, "has no file name")
        }
        let isArchive = Self.archives.contains { name.hasSuffix($0) }
        if let path {
            guard FileManager.default.isReadableFile(atPath: path) else { throw Self.failure(uri, "cannot be read") }
            if isArchive {
                try await unpack(path, of: uri, into: sandbox)
            } else {
                try FileManager.default.copyItem(atPath: path, toPath: "\(sandbox)/\(name)")
            }
            return
        }
        let file = "\(sandbox)/\(name)"
        try await download(uri, to: file)
        if isArchive {
            try await unpack(file, of: uri, into: sandbox)
            try? FileManager.default.removeItem(atPath: file)
        }
    }

    private func download(_ uri: String, to file: String) async throws {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(HTTPClientRequest(url: uri), timeout: .minutes(5))
        } catch {
            throw Self.failure(uri, "does not answer: \(error)")
        }
        guard response.status == .ok else { throw Self.failure(uri, "answered \(response.status.code)") }
        guard FileManager.default.createFile(atPath: file, contents: nil),
            let handle = FileHandle(forWritingAtPath: file)
        else { throw Self.failure(uri, "cannot be written to \(file)") }
        defer { try? handle.close() }
        var size = 0
        for try await buffer in response.body {
            size += buffer.readableBytes
            guard size <= Self.sizeLimit else { throw Self.failure(uri, "is larger than 1 GiB") }
            try handle.write(contentsOf: Data(buffer.readableBytesView))
        }
    }

    private func unpack(_ archive: String, of uri: String, into sandbox: String) async throws {
        let result = try await run(
            .name("tar"), arguments: ["-x", "--no-same-owner", "-f", archive, "-C", sandbox],
            environment: .custom(["PATH": "/usr/bin:/bin"]), output: .discarded, error: .string(limit: 4096))
        guard result.terminationStatus.isSuccess else {
            throw Self.failure(uri, "cannot be unpacked: \(result.standardError)")
        }
    }

    private static func failure(_ uri: String, _ why: String) -> EngineError {
        EngineError(code: .artifact, message: "Failed to fetch \(uri): \(why)")
    }
}

import Foundation
import HAProxy

/// The files on the disk: written beside and moved into place, with the last set that HAProxy took kept.
struct ConfigurationStore: Sendable {
    let paths: HAProxyPaths

    func prepare() throws {
        try FileManager.default.createDirectory(
            atPath: paths.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Maps first: a configuration never names a file that is not there.
    func write(_ files: RenderedFiles) throws {
        try write(files.hostsMap, to: paths.hostsMap)
        try write(files.appsMap, to: paths.appsMap)
        try write(files.configuration, to: paths.configuration)
    }

    /// A configuration to be checked before it takes its place.
    func writeCandidate(_ files: RenderedFiles) throws -> String {
        for map in [paths.hostsMap, paths.appsMap] where !FileManager.default.fileExists(atPath: map) {
            try write("", to: map)
        }
        let path = paths.configuration + ".new"
        try write(files.configuration, to: path)
        return path
    }

    func keepAsGood() throws {
        for path in paths.managed {
            try write(try String(contentsOfFile: path, encoding: .utf8), to: paths.lastGood(path))
        }
    }

    /// - Returns: whether there was a good set.
    func restoreGood() -> Bool {
        let files = FileManager.default
        guard paths.managed.allSatisfy({ files.fileExists(atPath: paths.lastGood($0)) }) else { return false }
        for path in paths.managed {
            guard let text = try? String(contentsOfFile: paths.lastGood(path), encoding: .utf8) else { return false }
            do { try write(text, to: path) } catch { return false }
        }
        return true
    }

    /// The structure that the configuration on the disk was rendered with.
    var structure: String? {
        guard let text = try? String(contentsOfFile: paths.configuration, encoding: .utf8) else { return nil }
        let mark = "# structure: "
        return text.split(separator: "\n").first { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
    }

    private func write(_ text: String, to path: String) throws {
        let temporary = path + ".tmp"
        let files = FileManager.default
        guard files.createFile(atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600]),
            let handle = FileHandle(forWritingAtPath: temporary)
        else {
            throw HAProxyError(code: .system, operation: "write \(path)", message: "the file cannot be made")
        }
        defer { try? handle.close() }
        try handle.write(contentsOf: Data(text.utf8))
        try handle.synchronize()
        guard unsafe rename(temporary, path) == 0 else {
            throw HAProxyError(
                code: .system, operation: "write \(path)", message: unsafe String(cString: strerror(errno)))
        }
    }
}

import Foundation
import HAProxy

/// The files on the disk: written beside and moved into place, with the last set that HAProxy took kept.
struct ConfigurationStore: Sendable {
    let paths: HAProxyPaths

    func prepare() throws {
        try FileManager.default.createDirectory(
            atPath: paths.folder.rawValue, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Maps first: a configuration never names a file that is not there.
    func write(_ files: RenderedFiles) throws {
        for name in RoutingMaps.Name.allCases {
            try PrivateFile.write(files.maps.text(of: name), to: paths.map(name).rawValue)
        }
        try PrivateFile.write(files.configuration, to: paths.configuration)
    }

    /// A configuration to be checked before it takes its place.
    func writeCandidate(_ files: RenderedFiles) throws -> String {
        for name in RoutingMaps.Name.allCases {
            let path = paths.map(name).rawValue
            if !FileManager.default.fileExists(atPath: path) { try PrivateFile.write("", to: path) }
        }
        let path = paths.configuration + ".new"
        try PrivateFile.write(files.configuration, to: path)
        return path
    }

    /// The present files become the last good ones: a second name for each, which the next writing leaves alone.
    func keepAsGood() throws {
        for path in paths.managed {
            let temporary = path + ".tmp"
            unsafe unlink(temporary)
            guard unsafe link(path, temporary) == 0, unsafe rename(temporary, paths.lastGood(path)) == 0 else {
                throw PrivateFile.failure("keep \(path)")
            }
        }
    }

    /// - Returns: whether there was a good set.
    func restoreGood() -> Bool {
        let files = FileManager.default
        guard paths.managed.allSatisfy({ files.fileExists(atPath: paths.lastGood($0)) }) else { return false }
        for path in paths.managed {
            guard let text = try? String(contentsOfFile: paths.lastGood(path), encoding: .utf8) else { return false }
            do { try PrivateFile.write(text, to: path) } catch { return false }
        }
        return true
    }

    /// The structure of the last configuration that HAProxy took. The one on the disk may be newer: whoever wrote it may
    /// not have come to the reload.
    var structure: String? {
        guard let text = try? String(contentsOfFile: paths.lastGood(paths.configuration), encoding: .utf8) else {
            return nil
        }
        let mark = RenderedFiles.structureMark
        return text.split(separator: "\n", maxSplits: 4).first { $0.hasPrefix(mark) }
            .map { String($0.dropFirst(mark.count)) }
    }
}

import Crypto
import FlockCore
import Foundation

/// Installed dependencies of earlier builds, among the artifacts, so that tasks can fetch them.
struct BuildCache: Sendable {
    let state: StateFolder
    /// Bytes.
    let limit: Int

    private static let prefix = "cache-"

    /// The file of one program's dependencies: of another program they are never taken, since scripts of packages have
    /// written into them. What Node they are for the file itself says.
    func name(slug: Slug, _ cache: BuildPlan.Cache, lock: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(data: Data("\(slug)\n\(cache.manager)\n\(cache.lockFile)\n".utf8))
        hash.update(data: Data(lock))
        let text = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        return "\(Self.prefix)\(text).tar"
    }

    /// Whether the file is there. It counts as used now.
    func has(_ name: String) -> Bool {
        let path = "\(state.artifacts)/\(name)"
        guard limit > 0, FileManager.default.fileExists(atPath: path) else { return false }
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
        return true
    }

    /// Removes what was not used for longest until the rest fits.
    func trim() {
        let folder = URL(fileURLWithPath: state.artifacts)
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let files =
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys))) ?? []
        let kept = files.filter { $0.lastPathComponent.hasPrefix(Self.prefix) }
            .compactMap { url in (try? url.resourceValues(forKeys: keys)).map { (url, $0) } }
            .sorted { ($0.1.contentModificationDate ?? .distantPast) > ($1.1.contentModificationDate ?? .distantPast) }
        var size = 0
        for (url, values) in kept {
            size += values.fileSize ?? 0
            if size > limit { try? FileManager.default.removeItem(at: url) }
        }
    }
}

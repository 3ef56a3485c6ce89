import Crypto
import FlockCore
import Foundation

/// Installed dependencies of earlier builds, among the artifacts, so that tasks can fetch them.
struct BuildCache: Sendable {
    let state: StateFolder
    /// Bytes.
    let limit: Int

    /// No slug has two hyphens together, so no program's archive is called so.
    private static let prefix = "cache--"

    static func isName(_ name: String) -> Bool { name.hasPrefix(prefix) }

    /// The file of one program's dependencies in one environment: of others they are never taken, since scripts of
    /// packages have written into them. What Node they are for the file itself says.
    /// - Parameters:
    ///   - lane: production, or a branch of previews.
    ///   - lock: what decides which packages are installed, and from where, or that none are.
    func name(slug: Slug, lane: String, _ cache: BuildPlan.Cache, lock: [[UInt8]]) -> String {
        var hash = SHA256()
        hash.update(data: Data("\(slug)\n\(lane)\n\(cache.manager)\n\(cache.lockFile)\n".utf8))
        for file in lock { hash.update(data: Data("\(file.count)\n".utf8 + file)) }
        let text = hash.finalize().map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        return "\(Self.prefix)\(text).tar"
    }

    /// What an install may read of package.json: where that has changed and the lock file has not, the two may not fit,
    /// and the install has to say so.
    static func dependencies(of packageJSON: [UInt8]) -> [UInt8] {
        guard var package = try? JSONSerialization.jsonObject(with: Data(packageJSON)) as? [String: Any] else {
            return packageJSON
        }
        for key in ["version", "scripts", "flock", "checks"] { package[key] = nil }
        return (try? JSONSerialization.data(withJSONObject: package, options: .sortedKeys)).map(Array.init)
            ?? packageJSON
    }

    /// Whether a lock file names folders. What is in one is not locked: npm links it, and installs and runs what its
    /// package.json says, within the folder; yarn and pnpm copy it.
    static func hasFolders(_ lockFile: [UInt8], _ cache: BuildPlan.Cache) -> Bool {
        // npm's newer and older ways; an archive is there, too, and locked.
        let signs =
            cache.manager == "npm"
            ? [#""link": true"#, #""link":true"#, #""version": "file:"#, #""version":"file:"#] : ["file:"]
        let text = Data(lockFile)
        return signs.contains { text.range(of: Data($0.utf8)) != nil }
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
        let kept = files.filter { Self.isName($0.lastPathComponent) }
            .compactMap { url in (try? url.resourceValues(forKeys: keys)).map { (url, $0) } }
            .sorted { ($0.1.contentModificationDate ?? .distantPast) > ($1.1.contentModificationDate ?? .distantPast) }
        var size = 0
        for (url, values) in kept {
            size += values.fileSize ?? 0
            if size > limit { try? FileManager.default.removeItem(at: url) }
        }
    }
}

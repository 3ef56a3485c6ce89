internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Whoever fetches into a store or reads from it holds one, so that nobody empties the store meanwhile. The kernel takes
/// it back when the process ends, however it ends.
final class StoreLease: Sendable {
    private let descriptor: Int32
    private let store: String

    /// - Throws: `fileSystem`.
    init(_ store: String) throws(GitError) {
        let path = "\(store).lock"
        try? FileManager.default.createDirectory(
            atPath: (store as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        self.store = store
        guard descriptor >= 0, flock(descriptor, LOCK_SH) == 0 else {
            throw GitError(.fileSystem, operation: "lock \(path)", message: String(cString: strerror(errno)))
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// When the store was last ``keep()``-ed, or first used.
    var kept: Date? {
        (try? FileManager.default.attributesOfItem(atPath: "\(store).lock"))?[.modificationDate] as? Date
    }

    /// Notes that somebody still wants the store.
    func keep() {
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: "\(store).lock")
    }

    /// Removes the store, unless somebody else uses it.
    ///
    /// - Returns: whether it is gone.
    func discard() -> Bool {
        defer { _ = flock(descriptor, LOCK_SH) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        return (try? FileManager.default.removeItem(atPath: store)) != nil
    }
}

import Foundation
import Synchronization

/// A user of this machine for each app, for good: what one app leaves behind never becomes another's. The users stand
/// in a file and in no `/etc/passwd`.
final class AppUsers: Sendable {
    /// Given to nobody: above what containers get from `/etc/subuid` and from systemd, below 2^31.
    /// Source: systemd's UIDS-GIDS.
    static let range: ClosedRange<UInt32> = 1_879_048_192...1_879_113_727

    private let file: String
    private let range: ClosedRange<UInt32>
    /// Nil until the file was read.
    private let users = Mutex<[String: UInt32]?>(nil)

    init(file: String, range: ClosedRange<UInt32> = AppUsers.range) {
        self.file = file
        self.range = range
    }

    /// The app's user, and its group as well.
    /// - Throws: ``EngineError`` when the file cannot be read or written, or no user is left.
    func id(of appID: String) throws -> UInt32 {
        try users.withLock { users in
            var known = try users ?? load()
            if let id = known[appID] { return id }
            let id = Self.free(appID, salt: file, in: range) { id in
                unsafe known.values.contains(id) || getpwuid(id) != nil
            }
            guard let id else {
                throw EngineError(
                    code: .isolationRefused, message: "no user is left for \(appID): \(file) names \(known.count) apps")
            }
            known[appID] = id
            try store(known)
            users = known
            return id
        }
    }

    /// The first id from a place that the app's id leads to.
    /// - Parameter salt: so that two engines of a machine rarely choose the same.
    static func free(
        _ appID: String, salt: String, in range: ClosedRange<UInt32>, isTaken: (UInt32) -> Bool
    ) -> UInt32? {
        let start = StableHash.of("\(salt)\0\(appID)")
        return (0..<UInt64(range.count)).lazy
            .map { range.lowerBound + UInt32((start % UInt64(range.count) + $0) % UInt64(range.count)) }
            .first { !isTaken($0) }
    }

    private func load() throws -> [String: UInt32] {
        guard FileManager.default.fileExists(atPath: file) else { return [:] }
        do {
            return try JSONDecoder().decode([String: UInt32].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            // To begin anew could give an app a user whose processes still run.
            throw EngineError(
                code: .storage,
                message: "\(file), which gives each app its user, cannot be read: \(error). Bring it back from a "
                    + "backup, or stop all apps and remove it")
        }
    }

    private func store(_ users: [String: UInt32]) throws {
        let folder = (file as NSString).deletingLastPathComponent
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            let files = FileManager.default
            try files.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let temporary = file + ".new"
            guard files.createFile(atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600]),
                let handle = FileHandle(forWritingAtPath: temporary)
            else { throw CocoaError(.fileWriteUnknown) }
            defer { try? handle.close() }
            try handle.write(contentsOf: encoder.encode(users))
            try handle.synchronize()
            guard unsafe rename(temporary, file) == 0 else { throw CocoaError(.fileWriteUnknown) }
            // The new name is an entry of the folder, which has to reach the disk as well.
            let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw EngineError(code: .storage, message: "\(file) cannot be written: \(error)")
        }
    }
}

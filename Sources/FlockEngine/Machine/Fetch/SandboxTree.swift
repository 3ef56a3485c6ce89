import Foundation
import SystemPackage

/// What lies in a sandbox before its task starts.
enum SandboxTree {
    /// Refuses what could reach out of the folder, and takes away rights that a file must not bring along.
    /// - Throws: ``EngineError`` with code `artifact`.
    static func check(_ root: String, deadline: Duration) async throws {
        // find(1) follows no links, so the paths that it prints are where things really are.
        let found = try await FetchProgram.run(
            "find",
            [
                root, "-mindepth", "1", "(", "-type", "l", "-printf", #"%P\0%l\0"#, ")", "-o", "(", "!", "-type", "f",
                "!", "-type", "d", "-printf", #"%P\0/\0"#, ")", "-o", "(", "-type", "f", "-perm", "/6000", "-exec",
                "chmod", "ug-s", "{}", "+", ")",
            ], deadline: deadline)
        let words = found.split(separator: "\0", omittingEmptySubsequences: false)
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            let (path, target) = (words[index], words[index + 1])
            guard leadsInside(target, depth: path.split(separator: "/").count - 1) else {
                throw EngineError(code: .artifact, message: "holds \(path), which leads out of the sandbox")
            }
        }
    }

    /// Whether a link stays within the root, as long as all others do. Going up is allowed at the beginning only:
    /// later it would depend on where other links lead.
    /// - Parameter depth: folders between the root and the link.
    static func leadsInside(_ target: some StringProtocol, depth: Int) -> Bool {
        guard !target.hasPrefix("/"), !target.isEmpty else { return false }
        let parts = target.split(separator: "/").filter { $0 != "." }
        let up = parts.prefix { $0 == ".." }.count
        return up <= depth && !parts.dropFirst(up).contains("..")
    }

    // MARK: Whose it is

    /// Folders in folders; a sandbox with more is refused, since each of them is open while we are in it.
    private static let depthLimit = 100

    /// Makes all that is in the sandbox the user's, and at last the sandbox itself, for nobody else to enter. What is
    /// the user's already is left alone: its task may run. Links are not followed.
    /// - Throws: ``EngineError``.
    static func give(_ root: String, to user: UInt32) throws {
        do {
            let folder = unsafe open(root, folderFlags)
            guard folder >= 0 else { throw Errno(rawValue: errno) }
            if try FileDescriptor(rawValue: folder).stat().userID.rawValue == user {
                close(folder)
            } else {
                fchmod(folder, 0o700)
                try giveFolder(folder, to: user, depth: 0)
            }
        } catch {
            throw EngineError(code: .launch, message: "\(root) cannot be given to user \(user): \(error)")
        }
    }

    private static let folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    /// - Parameter folder: a descriptor, which is closed.
    private static func giveFolder(_ folder: Int32, to user: UInt32, depth: Int) throws {
        guard let entries = unsafe fdopendir(folder) else {
            close(folder)
            throw Errno(rawValue: errno)
        }
        defer { unsafe closedir(entries) }
        guard depth <= depthLimit else { throw Errno.fileNameTooLong }
        while let entry = unsafe readdir(entries) {
            let type = unsafe Int(entry.pointee.d_type)
            try unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                let name = unsafe UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)
                if unsafe strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return }
                // Some file systems do not tell.
                if type == Int(DT_DIR) || type == Int(DT_UNKNOWN) {
                    let child = unsafe openat(folder, name, folderFlags)
                    if child >= 0 { return try giveFolder(child, to: user, depth: depth + 1) }
                    guard errno == ENOTDIR || errno == ELOOP else { throw Errno(rawValue: errno) }
                }
                guard unsafe fchownat(folder, name, user, user, AT_SYMLINK_NOFOLLOW) == 0 else {
                    throw Errno(rawValue: errno)
                }
            }
        }
        guard fchown(folder, user, user) == 0 else { throw Errno(rawValue: errno) }
    }
}

public import FlockCore
import Foundation

/// Makes sure that one process of a kind works on a state folder. The kernel frees the lock when the process
/// ends, however it ends.
public struct StateLock: Sendable {
    private let descriptor: Int32

    public init(part: String, state: StateFolder) throws(DaemonError) {
        do {
            try FileManager.default.createDirectory(
                atPath: state.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw DaemonError(
                .stateFolder, "\(state.path): cannot be made: \(error.localizedDescription)",
                hint: "Choose another folder with --state.")
        }
        let path = "\(state.path)/\(part).lock"
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DaemonError(.stateFolder, "\(path): \(unsafe String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").first
            close(descriptor)
            throw DaemonError(
                .alreadyRunning, "\(part) is already running on \(state.path)\(owner.map { " (process \($0))" } ?? "")",
                hint: "Stop it first, or choose another folder with --state.")
        }
        _ = ftruncate(descriptor, 0)
        let line = Data("\(ProcessInfo.processInfo.processIdentifier)\n".utf8)
        FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(line)
        self.descriptor = descriptor
    }

    public func release() {
        close(descriptor)
    }

    /// The process that holds the lock, if one does.
    public static func holder(of part: String, state: StateFolder) -> Int32? {
        let path = "\(state.path)/\(part).lock"
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { Int32($0) }
    }
}

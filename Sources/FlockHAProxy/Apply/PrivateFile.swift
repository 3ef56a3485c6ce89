import Foundation
import HAProxy

/// A file that only its owner may read, written beside and moved into place.
enum PrivateFile {
    static func write(_ text: String, to path: String) throws {
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
        guard unsafe rename(temporary, path) == 0 else { throw failure("write \(path)") }
    }

    /// What the system has just said.
    static func failure(_ operation: String) -> HAProxyError {
        HAProxyError(code: .system, operation: operation, message: unsafe String(cString: strerror(errno)))
    }
}

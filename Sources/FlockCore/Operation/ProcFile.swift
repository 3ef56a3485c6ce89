public import Foundation

/// A file that the kernel writes while it is read. Source: proc(5).
public enum ProcFile {
    /// All of it; `nil` where it cannot be read. By its path Foundation reads only the first page of one: it says that it
    /// is empty, and the kernel hands out no more at once.
    public static func read(_ path: String) -> Data? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        return try? file.readToEnd() ?? Data()
    }

    /// All of it as text.
    public static func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }
}

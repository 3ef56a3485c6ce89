import Foundation
import Marathon
import SystemPackage

/// A file that a task writes its output to. The folder is the task's, so what is found there under that name may be
/// anything: links and what is not a file are left alone.
enum LogFile {
    /// For writing at its end, which is what makes ``rotate(_:limit:)`` possible.
    static func open(_ path: String) throws -> SystemPackage.FileDescriptor {
        try .open(
            FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec, .noFollow, .nonBlocking],
            permissions: [.ownerReadWrite])
    }

    /// A part of a log. It ends with a whole character where it has one, so that the next part begins with one.
    /// - Parameters:
    ///   - asked: bytes from the beginning; less than 0: from the end.
    ///   - length: bytes, at most.
    /// - Throws: for what is no file, or is one that has another name too.
    static func read(_ path: String, from asked: Int, length: Int) throws -> FileChunk {
        let source = try FileDescriptor.open(
            FilePath(path), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        defer { try? source.close() }
        let status = try source.stat()
        guard status.type == .regular, status.linkCount == 1 else { throw Errno.invalidArgument }
        let size = Int(status.size)
        let offset = min(size, max(0, asked < 0 ? size + asked : asked))
        try source.seek(offset: Int64(offset), from: .start)
        let reader = FileHandle(fileDescriptor: source.rawValue, closeOnDealloc: false)
        let data = try reader.read(upToCount: length) ?? Data()
        let cut = data.dropLast(unfinished(data))
        let whole = cut.isEmpty && length < 4 ? data : cut
        return FileChunk(data: String(decoding: whole, as: UTF8.self), offset: offset, length: whole.count)
    }

    /// Bytes at the end that begin a character of UTF-8 of which more is to come.
    private static func unfinished(_ data: Data) -> Int {
        let last = Array(data.suffix(3))
        guard let start = last.lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return 0 }
        let count = last.count - start
        switch last[start] {
        case 0xC2...0xDF: return count < 2 ? count : 0
        case 0xE0...0xEF: return count < 3 ? count : 0
        case 0xF0...0xF4: return count
        default: return 0
        }
    }

    /// A whole file, open, and its bytes.
    /// - Throws: for what is no file, or is one that has another name too.
    static func whole(_ path: String) throws -> (FileHandle, size: Int) {
        let source = try FileDescriptor.open(
            FilePath(path), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        let file = FileHandle(fileDescriptor: source.rawValue, closeOnDealloc: true)
        let status = try source.stat()
        guard status.type == .regular, status.linkCount == 1 else { throw Errno.invalidArgument }
        return (file, Int(status.size))
    }

    /// Moves what a file holds to `<path>.1` when it is larger than the limit, by copying and truncating: the writer
    /// keeps its descriptor, also when the engine is restarted. What it writes between the last read and the
    /// truncation is lost, which is a line or two. Of a file that has outgrown twice the limit between two looks,
    /// only the end is kept, so that both together stay bounded.
    /// - Parameter limit: bytes.
    /// - Returns: whether it was rotated.
    @discardableResult
    static func rotate(_ path: String, limit: Int) throws -> Bool {
        let source = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.closeOnExec, .noFollow, .nonBlocking])
        defer { try? source.close() }
        let status = try source.stat()
        guard status.type == .regular, status.linkCount == 1, status.size > limit else { return false }
        let old = path + ".1"
        try? FileManager.default.removeItem(atPath: old)
        let target = try FileDescriptor.open(
            FilePath(old), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
            permissions: [.ownerReadWrite])
        defer { try? target.close() }
        _ = fchown(target.rawValue, status.userID.rawValue, status.groupID.rawValue)
        try source.seek(offset: max(0, Int64(status.size) - 2 * Int64(limit)), from: .start)
        let reader = FileHandle(fileDescriptor: source.rawValue, closeOnDealloc: false)
        let writer = FileHandle(fileDescriptor: target.rawValue, closeOnDealloc: false)
        // A writer that is faster than the copy must not keep it going for ever.
        var left = 3 * limit
        while left > 0, let chunk = try reader.read(upToCount: 1 << 16), !chunk.isEmpty {
            try writer.write(contentsOf: chunk)
            left -= chunk.count
        }
        guard ftruncate(source.rawValue, 0) == 0 else { throw Errno(rawValue: errno) }
        return true
    }
}

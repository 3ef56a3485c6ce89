import Foundation
import HAProxy

/// A file of lines, one a request, with former ones beside it: `requests.log`, `requests.log.1` …
struct RequestLogFile: Sendable {
    let path: String
    /// Bytes that a file holds before it becomes a former one.
    var limit = 16 << 20
    /// How many former ones are kept.
    var kept = 4

    /// Opened for each portion: a file that somebody else has moved away is made anew.
    func append(_ lines: Data) throws {
        var file = try open()
        if try file.seekToEnd() + UInt64(lines.count) > UInt64(limit), file.offsetInFile > 0 {
            try file.close()
            try rotate()
            file = try open()
        }
        defer { try? file.close() }
        try file.write(contentsOf: lines)
    }

    private func open() throws -> FileHandle {
        let descriptor = unsafe Foundation.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrivateFile.failure("open \(path)") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private func rotate() throws {
        let names = [path] + (1...kept).map { "\(path).\($0)" }
        for (from, to) in zip(names, names.dropFirst()).reversed() {
            guard unsafe rename(from, to) == 0 || errno == ENOENT else { throw PrivateFile.failure("rotate \(path)") }
        }
    }
}

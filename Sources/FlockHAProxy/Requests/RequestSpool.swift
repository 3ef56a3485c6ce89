import Foundation
import Subprocess

/// The file that HAProxy appends its log to, and how far it was read.
///
/// HAProxy holds it open from its start to its end, also while flock-haproxy is away, and never waits for anybody. So it
/// is never moved; what was read is cut out of it as a hole, which gives its blocks back.
struct RequestSpool: Sendable {
    let path: String
    /// Holds the number of bytes that were read.
    let mark: String

    private var offset: UInt64
    private var freed: UInt64 = 0

    /// Bytes that are taken at once; lines are of a few hundred.
    static let portion = 1 << 20
    /// Bytes that were read before they are given back.
    static let hole: UInt64 = 16 << 20

    init(path: String, mark: String) {
        self.path = path
        self.mark = mark
        offset = (try? String(contentsOfFile: mark, encoding: .utf8)).flatMap { UInt64($0) } ?? 0
    }

    /// The next whole lines, or `nil` when there are none. They come again until ``advance(past:)``.
    mutating func next() throws -> Data? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        // Made anew by somebody.
        if try file.seekToEnd() < offset { offset = 0 }
        try file.seek(toOffset: offset)
        guard let data = try file.read(upToCount: Self.portion),
            let end = data.lastIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        return data[...end]
    }

    /// Says that these lines were written elsewhere.
    mutating func advance(past lines: Data) throws {
        offset += UInt64(lines.count)
        // Not synced: after a fall of the machine some lines may come twice.
        try Data(String(offset).utf8).write(to: URL(fileURLWithPath: mark), options: .atomic)
    }

    /// Gives the blocks of what was read back, once there are many. The file keeps its length, so whoever appends to it
    /// notices nothing.
    mutating func free() async throws {
        let length = offset - offset % 4096
        guard length >= freed + Self.hole else { return }
        let punch: Arguments = ["--punch-hole", "--offset", "0", "--length", "\(length)", path]
        // Of util-linux; the system call is not among what Swift imports of the C library.
        let result = try? await Subprocess.run(.name("fallocate"), arguments: punch, output: .discarded)
        if result?.terminationStatus.isSuccess == true {
            freed = length
        } else if let file = FileHandle(forUpdatingAtPath: path) {
            // No file system of holes: between the look and the cut a line may be lost.
            defer { try? file.close() }
            guard try file.seekToEnd() == offset else { return }
            try file.truncate(atOffset: 0)
            (offset, freed) = (0, 0)
        }
    }
}

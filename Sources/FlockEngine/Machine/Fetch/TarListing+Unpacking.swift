import Foundation
import SystemPackage

/// Writes what an archive holds, after all of it was looked at and found to lead nowhere else.
extension TarListing {
    /// Links are made last, so that no file is written through one of this archive; those that were there before lead
    /// into the sandbox. What is in the way is replaced, unless it is a folder. Owners and special rights stay behind.
    /// - Throws: `Errno`; ``EngineError`` when it takes too long.
    func unpack(
        _ file: FileDescriptor, into sandbox: String, within limit: Duration
    ) throws {
        let deadline = ContinuousClock.now + limit
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        let root = Array(sandbox.utf8) + [UInt8(ascii: "/")]
        for member in members where member.entry.kind != "l" {
            guard ContinuousClock.now < deadline else { throw EngineError.late(limit) }
            let path = Self.cString(root + member.path)
            if member.entry.kind == "d" {
                try Self.makeFolder(path, mode: member.mode)
            } else {
                try Self.write(member, of: file, to: path, &buffer) {
                    ContinuousClock.now < deadline ? nil : .late(limit)
                }
            }
        }
        for member in members where member.entry.kind == "l" {
            let path = Self.cString(root + member.path)
            let target = Self.cString(member.target)
            _ = try Self.make(path) { unsafe symlink(target, path) }
        }
    }

    private static func cString(_ bytes: [UInt8]) -> [CChar] { (bytes + [0]).map { CChar(bitPattern: $0) } }

    private static func makeFolder(_ path: [CChar], mode: UInt32) throws {
        // Two archives may have the same folders.
        let present = try? unsafe path.withUnsafeBufferPointer { bytes in
            try unsafe FilePath(platformString: bytes.baseAddress!).stat(followTargetSymlink: false)
        }
        if present?.type == .directory { return }
        _ = try make(path) { unsafe mkdir(path, mode | 0o700) }
    }

    private static func write(
        _ member: Member, of file: FileDescriptor, to path: [CChar], _ buffer: inout [UInt8],
        _ obstacle: () -> EngineError?
    ) throws {
        let target = FileDescriptor(
            rawValue: try make(path) {
                unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, member.mode)
            })
        try target.closeAfter {
            var done = 0
            while done < member.entry.size {
                if let obstacle = obstacle() { throw obstacle }
                let count = min(buffer.count, member.entry.size - done)
                let read = try unsafe buffer.withUnsafeMutableBytes { bytes in
                    try unsafe file.read(
                        fromAbsoluteOffset: Int64(member.offset + done),
                        into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
                }
                // It was as long as it says when it was listed.
                guard read > 0 else { throw Errno.invalidArgument }
                try target.writeAll(buffer[..<read])
                done += read
            }
            // Servers tell browsers when a file was changed.
            let link = "/proc/self/fd/\(target.rawValue)"
            try? FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: Double(member.time))], ofItemAtPath: link)
        }
    }

    /// Makes something where nothing else may be, with the folders around it.
    private static func make(_ path: [CChar], _ attempt: () -> Int32) throws -> Int32 {
        for _ in 0..<2 {
            let result = attempt()
            if result >= 0 { return result }
            switch errno {
            case EEXIST: guard unsafe unlink(path) == 0 else { throw Errno(rawValue: errno) }
            case ENOENT: try makeFolders(around: path)
            default: throw Errno(rawValue: errno)
            }
        }
        let result = attempt()
        guard result >= 0 else { throw Errno(rawValue: errno) }
        return result
    }

    private static func makeFolders(around path: [CChar]) throws {
        let slash = CChar(bitPattern: UInt8(ascii: "/"))
        for index in path.indices.dropFirst() where path[index] == slash {
            let folder = path[..<index] + [0]
            let result = unsafe folder.withUnsafeBufferPointer { unsafe mkdir($0.baseAddress!, 0o777) }
            guard result == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
        }
    }
}

extension EngineError {
    fileprivate static func late(_ limit: Duration) -> EngineError {
        EngineError(code: .artifact, message: "took longer than \(limit) to unpack")
    }
}

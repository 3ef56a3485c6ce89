#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file that appears under its name, complete and on disk, with `commit`, or not at all. Mode 0600.
struct AtomicFile: ~Copyable {
    private static let bufferSize = 256 << 10

    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isCommitted = false

    /// Creates a temporary file in the folder of `path`: a rename within a file system is atomic.
    init(_ path: String) throws(GitError) {
        let folder = Self.folder(of: path)
        let temporary = "\(folder)/.\(String(UInt64.random(in: 0 ... .max), radix: 36)).partial"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("create a file in \(folder)") }
        self.path = path
        self.temporary = temporary
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    mutating func append(_ bytes: [UInt8]) throws(GitError) {
        if buffer.count + bytes.count > Self.bufferSize { try flush() }
        if bytes.count > Self.bufferSize {
            try writeAll(bytes)
        } else {
            buffer += bytes
        }
    }

    mutating func commit() throws(GitError) {
        try flush()
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw Self.failure("write \(path)") }
        isCommitted = true
        // The new name is an entry of the folder, which has to reach the disk as well.
        let folder = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure("write \(path)") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure("write \(path)") }
    }

    private mutating func flush() throws(GitError) {
        try writeAll(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    private func writeAll(_ bytes: [UInt8]) throws(GitError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                return write(descriptor, rest.baseAddress, rest.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write \(path)") }
            written += count
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func failure(_ operation: String) -> GitError {
        let cause = errno
        return GitError(.fileSystem, operation: operation, message: String(cString: strerror(cause)))
    }
}

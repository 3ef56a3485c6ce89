/// Writes a tar archive to a file that appears under its name only when it is complete.
struct TarWriter: ~Copyable {
    private var file: AtomicFile
    private let time: Int64

    /// - Parameter time: seconds since 1970, given to every entry.
    init(to path: String, time: Int64) throws(GitError) {
        file = try AtomicFile(path)
        self.time = time
    }

    mutating func add(folder path: [UInt8]) throws(GitError) {
        try file.append(TarHeader(path: path, kind: .folder, time: time).bytes)
    }

    mutating func add(link path: [UInt8], target: [UInt8]) throws(GitError) {
        try file.append(TarHeader(path: path, kind: .link(target: target), time: time).bytes)
    }

    mutating func add(file path: [UInt8], executable: Bool, content: [UInt8]) throws(GitError) {
        let kind = TarHeader.Kind.file(size: content.count, executable: executable)
        try file.append(TarHeader(path: path, kind: kind, time: time).bytes)
        try file.append(content)
        try file.append(TarHeader.padding(after: content.count))
    }

    /// Writes the archive's end and gives the file its name.
    mutating func finish() throws(GitError) {
        try file.append([UInt8](repeating: 0, count: 2 * TarHeader.blockSize))
        try file.commit()
    }
}

/// How large a tree may be to be exported. All are checked before a file's content is read.
public struct ExportLimits: Sendable, Hashable {
    /// Files, links and folders together.
    public var entries: Int
    /// Bytes of all files together.
    public var bytes: Int
    /// Bytes of one file.
    public var fileBytes: Int
    /// Folders in one another; 1 means that only the top folder may hold anything.
    public var depth: Int

    public init(
        entries: Int = 50_000, bytes: Int = 512 << 20, fileBytes: Int = 50 << 20, depth: Int = 64
    ) {
        self.entries = entries
        self.bytes = bytes
        self.fileBytes = fileBytes
        self.depth = depth
    }

    /// 50,000 entries, 512 MiB, 50 MiB a file, 64 folders deep.
    public static let `default` = ExportLimits()
}

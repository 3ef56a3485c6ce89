/// What an export wrote.
public struct ExportSummary: Sendable, Hashable {
    /// Regular files and links; folders are not counted.
    public let files: Int
    /// Bytes of the regular files' contents; the archive is a little larger.
    public let bytes: Int

    public init(files: Int, bytes: Int) {
        self.files = files
        self.bytes = bytes
    }
}

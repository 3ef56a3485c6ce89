/// Git LFS pointer files, after https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
enum LFSPointer {
    /// A pointer file is smaller than this.
    static let sizeLimit = 1024

    static let hint = "keep the file itself in git, or fetch it while building"

    static func matches(_ content: [UInt8]) -> Bool {
        guard content.count < sizeLimit else { return false }
        return content.starts(with: "version https://git-lfs.github.com/spec/v1\n".utf8)
            || content.starts(with: "version https://hawser.github.com/spec/v1\n".utf8)
    }
}

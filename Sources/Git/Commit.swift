public import Foundation

/// What a commit says about itself. Text that is not UTF-8 has its invalid bytes replaced by U+FFFD.
public struct Commit: Sendable, Hashable {
    public let id: ObjectID
    /// The tree of files at this commit.
    public let tree: ObjectID
    /// The first paragraph of the message, on one line.
    public let summary: String
    /// The author's name, without the address.
    public let author: String
    /// When it was committed, to the second.
    public let time: Date

    public init(id: ObjectID, tree: ObjectID, summary: String, author: String, time: Date) {
        self.id = id
        self.tree = tree
        self.summary = summary
        self.author = author
        self.time = time
    }
}

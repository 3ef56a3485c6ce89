/// A branch's name in a host name and a Marathon id, at most 24 characters. Any branch name has one.
public struct BranchSlug: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    public init(branch: String) {
        let label = branch.asLabel()
        if label == branch && label.count <= 24 {
            // Two letters before "--" would make the host name look like punycode.
            text = label.count == 2 ? label + "-b" : label
        } else {
            let hash = ShortHash.of(branch, length: 6)
            let cut = String(label.prefix(17)).trimmingHyphens()
            text = cut.isEmpty ? hash : "\(cut)-\(hash)"
        }
    }

    public var description: String { text }
}

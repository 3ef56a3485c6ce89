/// What the path behind `/v2/groups` names.
enum GroupPath: Sendable, Hashable {
    case group(String)
    case versions(String)
    case version(String, String)

    /// - Parameter segments: without empty ones.
    init(_ segments: [String]) {
        func id(_ dropped: Int) -> String { "/" + segments.dropLast(dropped).joined(separator: "/") }
        if segments.last == "versions" {
            self = .versions(id(1))
        } else if segments.count > 1, segments[segments.count - 2] == "versions" {
            self = .version(id(2), segments[segments.count - 1])
        } else {
            self = .group(id(0))
        }
    }
}

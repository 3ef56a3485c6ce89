import FlockCore

/// Ids of apps and groups as paths: `/` is the root group, `/a/b` is below `/a`. Source: Marathon's PathId.
enum DefinitionPath {
    static let root = "/"

    /// The absolute id without empty, `.` and `..` segments; `nil` when it leads out of the root.
    /// - Parameter base: absolute; what a relative id starts from.
    static func resolve(_ text: String, under base: String) -> String? {
        var segments = text.hasPrefix("/") ? [] : base.split(separator: "/")
        for segment in text.split(separator: "/") where segment != "." {
            if segment != ".." {
                segments.append(segment)
            } else if segments.popLast() == nil {
                return nil
            }
        }
        return "/" + segments.joined(separator: "/")
    }

    /// The group that an id is in; the root's is the root.
    static func parent(of id: String) -> String {
        guard let slash = id.lastIndex(of: "/"), slash != id.startIndex else { return root }
        return String(id[..<slash])
    }

    /// The groups that an id is in, the nearest first and the root last.
    static func ancestors(of id: String) -> [String] {
        var ancestors: [String] = []
        var id = id
        while id != root {
            id = parent(of: id)
            ancestors.append(id)
        }
        return ancestors
    }

    /// Whether the id is in the group, at any depth.
    static func isBelow(_ id: String, _ group: String) -> Bool {
        id != root && (group == root || id.hasPrefix(group + "/"))
    }

    /// What is wrong with an absolute id of an app or group.
    static func violations(of id: String) -> [String] {
        guard id != root else { return ["Path must contain at least one path element"] }
        var errors: [String] = []
        if !AppID.isValid(id) { errors.append(badSegment) }
        if id.utf8.count > longest { errors.append("got \(id.utf8.count) bytes, expected \(longest) or less") }
        if let last = id.split(separator: "/").last, reserved.contains(last) {
            errors.append(
                "must not end with any of the following reserved keywords: \(reserved.joined(separator: ", "))")
        }
        return errors
    }

    /// Bytes. Marathon has no bound, but a task's folder bears its id, which is 52 bytes longer than the app's, and
    /// names of files end at 255.
    private static let longest = 200

    static let outside = "Identifier is not child of /. Hint: use relative paths."
    private static let badSegment =
        #"must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*"#
        + #"([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])|(\.|\.\.)$'"#
    /// The API has these words behind an id.
    private static let reserved: [Substring] = ["restart", "tasks", "versions"]
}

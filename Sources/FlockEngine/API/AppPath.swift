/// What the path behind `/v2/apps` names. Ids hold slashes, so the last segments decide.
enum AppPath: Sendable, Hashable {
    case all
    case app(String)
    /// `/v2/apps/GROUP/*`
    case appsBelow(String)
    case tasks(String)
    case task(String, task: String)
    case restart(String)
    case versions(String)
    case version(String, String)

    /// - Parameter segments: without empty ones.
    init(_ segments: [String]) {
        func id(_ dropped: Int) -> String { "/" + segments.dropLast(dropped).joined(separator: "/") }
        let count = segments.count
        switch segments.last {
        case nil: self = .all
        case "*": self = .appsBelow(id(1))
        case "tasks" where count > 1: self = .tasks(id(1))
        case "restart" where count > 1: self = .restart(id(1))
        case "versions" where count > 1: self = .versions(id(1))
        case .some(let last):
            if count > 2, segments[count - 2] == "tasks" {
                self = .task(id(2), task: last)
            } else if count > 2, segments[count - 2] == "versions" {
                self = .version(id(2), last)
            } else {
                self = .app(id(0))
            }
        }
    }
}

/// Why the engine refuses a request or cannot run. The API turns it into Marathon's status and body.
public struct EngineError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case syntax = "engine_syntax"
        case invalid = "engine_invalid"
        case notFound = "engine_not_found"
        case conflict = "engine_conflict"
        case locked = "engine_locked"
        case storage = "engine_storage"
        case artifact = "engine_artifact"
    }

    /// One thing that is wrong in a definition, where `path` leads.
    public struct Detail: Sendable, Hashable, Encodable {
        var path: String
        var errors: [String]
    }

    public var code: Code
    public var message: String
    var details: [Detail] = []
    var deployments: [String] = []

    public var description: String { "\(message) [\(code.rawValue)]" }
}

/// Why the engine refuses a request or cannot run. The API turns it into Marathon's status and body.
public struct EngineError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case syntax = "engine_syntax"
        /// A request that makes no sense, though its body may be well-formed.
        case malformed = "engine_malformed"
        case invalid = "engine_invalid"
        case notFound = "engine_not_found"
        case conflict = "engine_conflict"
        case locked = "engine_locked"
        /// Too many deployments run.
        case busy = "engine_busy"
        case storage = "engine_storage"
        /// A task cannot be started.
        case launch = "engine_launch"
        /// Tasks cannot be kept apart as settings ask.
        case isolationRefused = "isolation_refused"
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

    static let noSuchURI = EngineError(code: .notFound, message: "URI not found")

    public var description: String { "\(message) [\(code.rawValue)]" }
}

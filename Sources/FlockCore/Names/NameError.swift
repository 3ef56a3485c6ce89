/// Why a name or version cannot be used.
public struct NameError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case nameMissing = "name_missing"
        case nameInvalid = "name_invalid"
        case versionMissing = "version_missing"
        case versionInvalid = "version_invalid"
    }

    public var code: Code
    /// What would be right.
    public var message: String

    public var description: String { "\(message) [\(code.rawValue)]" }
}

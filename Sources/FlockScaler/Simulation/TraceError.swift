/// Why a trace, or what was asked of it, makes no sense.
public struct TraceError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case unreadable = "trace_unreadable"
        case unknownFormat = "trace_format_unknown"
        case badLine = "trace_line_invalid"
        case badTime = "trace_time_invalid"
        case empty = "trace_empty"
    }

    public var code: Code
    /// With the line, where one is at fault.
    public var message: String
    /// What to do next.
    public var hint: String

    init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    public var description: String { "\(message) (\(code.rawValue)). \(hint)" }
}

/// What went wrong while talking to HAProxy or running it.
public struct HAProxyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A stable word to search for; callers may add their own.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Nobody answers at the socket.
        public static let unreachable = Code(rawValue: "haproxy_unreachable")
        /// The socket closed before the answer was whole.
        public static let closed = Code(rawValue: "haproxy_closed")
        /// The deadline passed first.
        public static let timeout = Code(rawValue: "haproxy_timeout")
        /// The calling task was cancelled.
        public static let cancelled = Code(rawValue: "haproxy_cancelled")
        /// HAProxy understood the command and said no.
        public static let refused = Code(rawValue: "haproxy_refused")
        /// The answer is not in the documented format.
        public static let malformedAnswer = Code(rawValue: "haproxy_malformed_answer")
        /// The statistics lack a column that is needed.
        public static let missingColumn = Code(rawValue: "haproxy_missing_column")
        /// `haproxy -c` found errors.
        public static let invalidConfiguration = Code(rawValue: "haproxy_invalid_configuration")
        /// The master tried the reload and failed; the former worker still serves.
        public static let reloadFailed = Code(rawValue: "haproxy_reload_failed")
        /// The master didn't say by the deadline whether the reload worked.
        public static let reloadUnconfirmed = Code(rawValue: "haproxy_reload_unconfirmed")
        /// There is no `haproxy` to run.
        public static let binaryNotFound = Code(rawValue: "haproxy_binary_not_found")
        /// A master already answers at the socket.
        public static let alreadyRunning = Code(rawValue: "haproxy_already_running")
        /// HAProxy ended, or never answered, while it was being started.
        public static let startFailed = Code(rawValue: "haproxy_start_failed")
        /// The process outlived even SIGKILL.
        public static let stopFailed = Code(rawValue: "haproxy_stop_failed")
        /// The operating system refused a file or a process.
        public static let system = Code(rawValue: "haproxy_system")
    }

    public var code: Code
    /// What was being done, for a person: "show stat", "start".
    public var operation: String
    /// The cause.
    public var message: String
    /// The next thing to do, where one is known.
    public var hint: String?

    public init(code: Code, operation: String, message: String, hint: String? = nil) {
        self.code = code
        self.operation = operation
        self.message = message
        self.hint = hint
    }

    public var description: String {
        "\(operation): \(message) [\(code.rawValue)]" + (hint.map { "; \($0)" } ?? "")
    }

    /// Lets this library's errors pass and gives every other error a code.
    init(_ error: any Error, operation: String) {
        switch error {
        case let error as HAProxyError: self = error
        case is CancellationError: self.init(code: .cancelled, operation: operation, message: "cancelled")
        default: self.init(code: .system, operation: operation, message: "\(error)")
        }
    }
}

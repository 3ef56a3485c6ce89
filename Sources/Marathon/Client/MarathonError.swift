/// Why a request to Marathon did not do what it asked.
public struct MarathonError: Error, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No server of the list answered.
        public static let unreachable = Self(rawValue: "marathon_unreachable")
        /// A server took the question and did not answer within ``MarathonClient/Patience``. It may have done what it
        /// was asked.
        public static let silent = Self(rawValue: "marathon_silent")
        public static let notFound = Self(rawValue: "marathon_not_found")
        /// A deployment holds the app; `deployments` names it.
        public static let locked = Self(rawValue: "marathon_locked")
        public static let conflict = Self(rawValue: "marathon_conflict")
        /// The definition was refused; `message` says where.
        public static let refused = Self(rawValue: "marathon_refused")
        public static let unauthorized = Self(rawValue: "marathon_unauthorized")
        public static let server = Self(rawValue: "marathon_server_error")
        /// The answer was not what this client understands.
        public static let unexpectedAnswer = Self(rawValue: "marathon_unexpected_answer")
    }

    public var code: Code
    /// Method and path.
    public var operation: String
    public var message: String
    public var deployments: [String]

    public init(_ code: Code, operation: String, message: String, deployments: [String] = []) {
        self.code = code
        self.operation = operation
        self.message = message
        self.deployments = deployments
    }

    /// Whether it says something of Marathon as a whole, and nothing of what was asked.
    public var isOutage: Bool { code == .unreachable || code == .silent || code == .server }

    public var description: String { "\(operation): \(message) [\(code.rawValue)]" }
}

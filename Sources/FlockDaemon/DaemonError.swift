/// Why a daemon or command cannot go on.
public struct DaemonError: Error, Sendable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let settings = Self(rawValue: "settings_invalid")
        public static let portInUse = Self(rawValue: "port_in_use")
        public static let alreadyRunning = Self(rawValue: "already_running")
        public static let stateFolder = Self(rawValue: "state_folder")
        public static let cannotListen = Self(rawValue: "cannot_listen")
    }

    public var code: Code
    public var message: String
    /// What to do next.
    public var hint: String?

    public init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// `sysexits.h`: 78 for configuration, 71 for the system.
    public var exitStatus: Int32 { code == .settings ? 78 : 71 }

    public var description: String { "\(message) [\(code.rawValue)]\(hint.map { "\n  \($0)" } ?? "")" }
}

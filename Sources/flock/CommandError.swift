/// Why a command could not do what it was asked.
struct CommandError: Error, CustomStringConvertible {
    enum Code: String {
        case buildUnknown = "build_unknown"
        /// Nobody is there to be asked.
        case confirmationNeeded = "confirmation_needed"
        case nameUnknown = "name_unknown"
        case nothingToCheck = "nothing_to_check"
        case releaseUnknown = "release_unknown"
    }

    var code: Code
    /// What was found, and what to do next.
    var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    var description: String { "\(message) [\(code.rawValue)]" }
}

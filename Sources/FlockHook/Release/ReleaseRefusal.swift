/// Why a release is not made, or a name not released: a code to search for, what was found, and what to do next.
struct ReleaseRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    enum Code: String, Sendable {
        case releaseUnknown = "release_unknown"
        /// Visitors get it already.
        case releaseCurrent = "release_current"
        case versionUnknown = "version_unknown"
        /// All visitors get it already.
        case versionCurrent = "version_current"
        case percentInvalid = "percent_invalid"
        case previewUnknown = "preview_unknown"
        /// Its app is gone, and so is what it was made of.
        case codeGone = "code_gone"
        /// It did not come up again.
        case notHealthy = "app_not_healthy"
        /// A newer release was made while it was interrupted.
        case superseded
        /// Nobody has claimed it.
        case nameUnknown = "name_unknown"
        /// A deploy of it is under way.
        case nameBusy = "name_busy"
    }

    var code: Code
    var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    var description: String { "\(message) [\(code.rawValue)]" }
}

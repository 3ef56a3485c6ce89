/// Why a request does not go to its app, and when another one may.
struct Refusal: Sendable, Hashable {
    enum Code: String, Sendable {
        case unknownApp = "app_unknown"
        /// It waited as long as it may, and the app is not up.
        case wakeTimeout = "wake_timeout"
        /// It waited as long as it may, and those before it keep the app busy.
        case appBusy = "app_busy"
        /// The last start failed, and the next one is not due yet.
        case appFailing = "app_failing"
        case marathonUnreachable = "marathon_unreachable"
        /// As many requests as may wait for this app.
        case heldFullApp = "held_full_app"
        /// As many requests as may wait for all apps.
        case heldFull = "held_full"
    }

    var code: Code
    var reason: StartFailure?
    var retryAfter = Duration.seconds(5)

    /// Whether the app is not up, which a waiting page can show and wait for.
    var isOfTheStart: Bool {
        switch code {
        case .wakeTimeout, .appFailing, .marathonUnreachable: true
        case .unknownApp, .appBusy, .heldFullApp, .heldFull: false
        }
    }

    init(_ code: Code, reason: StartFailure? = nil) {
        self.code = code
        self.reason = reason
    }

    init(failing reason: StartFailure, for left: Duration) {
        code = reason == .marathonUnreachable ? .marathonUnreachable : .appFailing
        self.reason = reason
        retryAfter = left
    }
}

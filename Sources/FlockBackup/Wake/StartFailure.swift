import Marathon

/// Why an app did not start, as a code for its owner: a closed set, so that nothing an app prints gets out.
enum StartFailure: Sendable, Hashable {
    /// Ended by itself with this status, 0 included: a server does not end.
    case exited(Int)
    /// Ended by a signal with this number.
    case killed(Int)
    case outOfMemory
    /// Ended in a way that nothing tells more about.
    case failed
    /// Runs, but does not answer its check.
    case checkFailed
    /// No machine has what it asks for.
    case noResources
    /// Marathon waits, since earlier tasks failed.
    case launchDelayed
    /// Marathon has not launched it, and does not say why.
    case notLaunched
    /// Launched, but not running yet: its files are being fetched.
    case launching
    /// A deployment holds it.
    case deploying
    /// Marathon refuses to scale it.
    case startRefused
    case marathonUnreachable
    /// Marathon answers, but does not tell how the app is.
    case marathonRefused

    var code: String {
        switch self {
        case .exited(let status): "exited_\(status)"
        case .killed(let signal): "killed_\(signal)"
        case .outOfMemory: "oom"
        case .failed: "failed"
        case .checkFailed: "check_failed"
        case .noResources: "no_resources"
        case .launchDelayed: "launch_delayed"
        case .notLaunched: "not_launched"
        case .launching: "launching"
        case .deploying: "deploying"
        case .startRefused: "start_refused"
        case .marathonUnreachable: "marathon_unreachable"
        case .marathonRefused: "marathon_refused"
        }
    }

    /// Whether it is Marathon's fault, and over when that is.
    var isMarathons: Bool { self == .marathonUnreachable || self == .marathonRefused }

    /// - Parameter failure: as Mesos' executor and Marathon word it.
    init(_ failure: TaskFailure) {
        let message = failure.message
        if message.hasPrefix("Memory limit exceeded") {
            self = .outOfMemory
        } else if message.hasPrefix("Task was killed since health check failed") {
            self = .checkFailed
        } else if let status = Self.word(after: "exited with status ", in: message).flatMap({ Int($0) }),
            (0...255).contains(status)
        {
            self = .exited(status)
        } else if let name = Self.word(after: "terminated with signal ", in: message), let signal = Self.signal(name) {
            self = .killed(signal)
        } else {
            self = .failed
        }
    }

    /// Why an app without a task has none.
    init(_ item: QueuedLaunch?, isDeploying: Bool) {
        guard let item else {
            self = isDeploying ? .deploying : .notLaunched
            return
        }
        let summary = item.processedOffersSummary?.rejectSummaryLastOffers ?? []
        if summary.contains(where: { $0.declined > 0 }) {
            self = .noResources
        } else if let delay = item.delay, !delay.overdue, delay.timeLeftSeconds > 0 {
            self = .launchDelayed
        } else {
            self = .notLaunched
        }
    }

    private static func word(after prefix: String, in text: String) -> Substring? {
        guard let range = text.firstRange(of: prefix) else { return nil }
        return text[range.upperBound...].prefix { !$0.isWhitespace && $0 != "," && $0 != "." }
    }

    /// Mesos says "Killed", Flock's engine "SIGKILL", and either a number for signals without a name.
    private static func signal(_ word: Substring) -> Int? {
        if let number = Int(word) { return (1...64).contains(number) ? number : nil }
        return switch word {
        case "SIGHUP", "Hangup": 1
        case "SIGINT", "Interrupt": 2
        case "SIGQUIT", "Quit": 3
        case "SIGILL", "Illegal": 4
        case "SIGTRAP", "Trace/breakpoint": 5
        case "SIGABRT", "Aborted": 6
        case "SIGBUS", "Bus": 7
        case "SIGFPE", "Floating": 8
        case "SIGKILL", "Killed": 9
        case "SIGUSR1": 10
        case "SIGSEGV", "Segmentation": 11
        case "SIGUSR2": 12
        case "SIGPIPE", "Broken": 13
        case "SIGALRM", "Alarm": 14
        case "SIGTERM", "Terminated": 15
        case "SIGXCPU", "CPU": 24
        case "SIGXFSZ", "File": 25
        case "SIGSYS", "Bad": 31
        default: nil
        }
    }
}

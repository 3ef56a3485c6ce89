import Foundation

/// The gaps in the protocols of sleeping, waking, scaling down, routing and deploying: a process may be gone after each of them.
///
/// For tests: a daemon that is started with `FLOCK_FAULT=scaler.held` is killed when it comes there, one with
/// `FLOCK_FAULT=stop:scaler.held` is stopped until it gets SIGCONT. Nothing else looks at the variable.
public enum CrashPoint: String, Sendable, CaseIterable {
    case scalerHeld = "scaler.held"
    case scalerDrainAsked = "scaler.drainAsked"
    case scalerDrained = "scaler.drained"
    case scalerKillAsked = "scaler.killAsked"
    case scalerTasksGone = "scaler.tasksGone"
    case scalerReleasing = "scaler.releasing"
    case scalerShrinking = "scaler.shrinking"

    case backupHeld = "backup.held"
    case backupWaking = "backup.waking"
    case backupWoken = "backup.woken"
    case backupForwarding = "backup.forwarding"

    case haproxyLeased = "haproxy.leased"
    case haproxyCommanded = "haproxy.commanded"
    case haproxyWritten = "haproxy.written"
    case haproxyReloaded = "haproxy.reloaded"
    case haproxyReleasing = "haproxy.releasing"

    case engineStored = "engine.stored"
    case engineDownloading = "engine.downloading"

    case hookReceived = "hook.received"
    case hookResolving = "hook.resolving"
    case hookBuilding = "hook.building"
    case hookSubmitting = "hook.submitting"
    case hookSubmitted = "hook.submitted"
    case hookVerified = "hook.verified"
    case hookPublished = "hook.published"
    case hookReleased = "hook.released"
    case hookFailing = "hook.failing"
    case hookRestored = "hook.restored"

    private static let chosen: (point: CrashPoint, signal: Int32)? = {
        guard let text = ProcessInfo.processInfo.environment["FLOCK_FAULT"] else { return nil }
        let isStop = text.hasPrefix("stop:")
        return CrashPoint(rawValue: isStop ? String(text.dropFirst(5)) : text)
            .map { ($0, isStop ? SIGSTOP : SIGKILL) }
    }()

    public func pass() {
        guard let chosen = Self.chosen, chosen.point == self else { return }
        kill(getpid(), chosen.signal)
        // The signal may reach another thread first, and this one must not go on meanwhile.
        usleep(100_000)
    }
}

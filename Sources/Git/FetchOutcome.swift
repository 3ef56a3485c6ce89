internal import Synchronization

/// The one result of a fetch: what comes first of its end, its deadline and its cancellation. The fetch's thread looks
/// here to see whether anybody still waits for it.
final class FetchOutcome: Sendable {
    typealias Outcome = Result<ObjectID, GitError>

    private enum Phase {
        case idle
        case awaited(CheckedContinuation<Outcome, Never>)
        case settled(Outcome)
    }

    private let phase = Mutex(Phase.idle)
    /// Bytes that may be received.
    let byteLimit: Int

    init(byteLimit: Int) {
        self.byteLimit = byteLimit
    }

    var isSettled: Bool {
        phase.withLock { if case .settled = $0 { true } else { false } }
    }

    /// Keeps the first outcome and drops later ones.
    func settle(_ outcome: Outcome) {
        let waiting = phase.withLock { phase -> CheckedContinuation<Outcome, Never>? in
            switch phase {
            case .idle:
                phase = .settled(outcome)
                return nil
            case .awaited(let continuation):
                phase = .settled(outcome)
                return continuation
            case .settled:
                return nil
            }
        }
        waiting?.resume(returning: outcome)
    }

    /// Waits for the outcome; called once. `start` is called when there is something to wait for.
    func value(start: () -> Void) async -> Outcome {
        await withCheckedContinuation { continuation in
            let early = phase.withLock { phase -> Outcome? in
                if case .settled(let outcome) = phase { return outcome }
                phase = .awaited(continuation)
                return nil
            }
            if let early {
                continuation.resume(returning: early)
            } else {
                start()
            }
        }
    }
}

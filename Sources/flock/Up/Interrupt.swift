import FlockDaemon
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Remembers whether it was Ctrl-C that ended the process: then nothing is left running.
final class Interrupt: Service {
    private struct State {
        var wasInterrupted = false
        var teardown: [@Sendable () async -> Void] = []
    }

    private let state = Mutex(State())

    var teardown: [@Sendable () async -> Void] {
        get { state.withLock(\.teardown) }
        set { state.withLock { $0.teardown = newValue } }
    }

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sigint).cancelOnGracefulShutdown() {
            state.withLock { $0.wasInterrupted = true }
        }
    }

    func tearDown() async {
        let steps = state.withLock { $0.wasInterrupted ? $0.teardown : [] }
        guard !steps.isEmpty else { return }
        Output.write("Stopping the apps and HAProxy.\n")
        for step in steps { await step() }
    }
}

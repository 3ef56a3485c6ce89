import FlockCore
import Logging
import Marathon

/// Has Marathon end tasks that are drained.
struct Kill: Sendable {
    private static let limit = Duration.seconds(15)

    let marathon: MarathonClient
    let logger: Logger
    private let clock = ContinuousClock()

    init(marathon: MarathonClient, logger: Logger) {
        self.marathon = marathon
        self.logger = logger
    }

    /// - Parameters:
    ///   - ask: asks Marathon.
    ///   - isDone: whether the app is as it was asked to be.
    /// - Returns: whether Marathon took it. When that cannot be known, it is asked again: were the app let go, requests
    ///   would reach a task that a Marathon may end as soon as it is back.
    func run(_ appID: String, ask: () async throws -> Void, isDone: (App) -> Bool) async throws -> Bool {
        let deadline = clock.now + Self.limit
        while true {
            do {
                try await ask()
                return true
            } catch let error as MarathonError {
                switch error.code {
                case .locked:
                    // By an earlier attempt of ours, or by somebody else's deployment.
                    return try await marathon.app(appID).map(isDone) ?? false
                case .unreachable, .silent, .server:
                    if clock.now >= deadline { throw error }
                    logger.debug("not known whether it is killed: \(error)", metadata: ["app": "\(appID)"])
                    // Not twice: tasks that are ending may count again.
                    if let app = try? await marathon.app(appID), isDone(app) { return true }
                default: throw error
                }
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    /// Waits until these tasks are gone. New ones are not waited for: a flock-backup that was started meanwhile may have
    /// woken the app.
    func untilGone(_ tasks: Set<String>, of appID: String) async {
        let deadline = clock.now + Self.limit
        while clock.now < deadline {
            if let app = try? await marathon.app(appID), tasks.isDisjoint(with: (app.tasks ?? []).map(\.id)) { return }
            try? await clock.sleep(for: .milliseconds(20))
        }
        logger.warning("its tasks are not gone yet", metadata: ["app": "\(appID)"])
    }
}

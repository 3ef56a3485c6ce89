import FlockCore
import Logging
import Marathon

/// Keeps a ``Fleet`` true to Marathon: reads all of it once, and then what its events tell of.
actor FleetFollower {
    private let marathon: MarathonClient
    private let settings: LiveSettings
    private let logger: Logger
    private var fleet = Fleet()
    private var unread = Unread.everything
    private var isLost = false

    init(_ marathon: MarathonClient, settings: LiveSettings, logger: Logger) {
        self.marathon = marathon
        self.settings = settings
        self.logger = logger
    }

    /// Until cancelled.
    func run() async {
        let feed = ChangeFeed(
            marathon,
            types: [
                "status_update_event", "health_status_changed_event", "app_terminated_event", "api_post_event",
                "deployment_info", "deployment_success", "deployment_failed",
            ], poll: .seconds(30))
        for await signal in feed.signals() {
            switch signal {
            case .lost(let why):
                logger.warning("Marathon does not answer, nothing is scaled; trying again: \(why)")
                (isLost, unread) = (true, .everything)
            case .connected:
                if isLost { logger.info("Marathon answers") }
                unread = .everything
            case .poll: unread = .everything
            case .event(let event): unread.add(event)
            }
        }
    }

    /// The fleet as of now.
    /// - Throws: when Marathon does not answer.
    func current() async throws -> Fleet {
        let scaler = settings.current.scaler
        fleet.follow(scaler)
        let wanted = unread
        unread = .nothing
        do {
            switch wanted {
            case .everything: fleet.replace(with: try await marathon.appStates(), scaler)
            case .apps(let ids):
                for id in ids { fleet.update(id, to: try await marathon.app(id), scaler) }
            }
        } catch {
            unread = .everything
            isLost = true
            throw error
        }
        isLost = false
        return fleet
    }
}

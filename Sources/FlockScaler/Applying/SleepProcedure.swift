import AsyncHTTPClient
import FlockCore
import Logging
import Marathon
import NIOHTTP1

/// Puts an app to sleep without losing a request: hold, drain, kill, release. A request that comes before the kill
/// calls it off; a crash at any step leaves an app that serves, since both leases end by themselves.
struct SleepProcedure: Sendable {
    enum Outcome: Sendable, Hashable {
        case asleep
        /// With what was in the way.
        case disturbed(String)
    }

    private struct Hold: Decodable {
        var waiting: Int
        var inFlight: Int
    }

    private struct Drain: Decodable {
        var sessions: Int
    }

    /// Both leases, in seconds. Longer than the rest of the procedure takes, and shorter than requests are held.
    private static let lease = 22
    private static let drainLimit = Duration.seconds(5)
    private static let killLimit = Duration.seconds(12)

    let backup: PartClient
    let haproxy: PartClient
    let marathon: MarathonClient
    let logger: Logger

    func run(_ appID: String) async -> Outcome {
        let query = "app=\(appID)&seconds=\(Self.lease)"
        do {
            _ = try await backup.ask(.PUT, "/v1/hold?\(query)", as: Hold.self)
            _ = try await haproxy.ask(.PUT, "/v1/drain?\(query)", as: Drain.self)
            if let disturbance = try await drained(appID) {
                await callOff(appID)
                return .disturbed(disturbance)
            }
            _ = try await marathon.scale(appID, to: 0)
        } catch {
            await callOff(appID)
            return .disturbed("\(error)")
        }
        await untilGone(appID)
        // Requests that came meanwhile wake it again, now that nothing is left that could answer them half.
        await callOff(appID)
        return .asleep
    }

    /// - Returns: what is in the way; `nil` when nothing is in flight anywhere.
    private func drained(_ appID: String) async throws -> String? {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.drainLimit
        while true {
            let drain = try await haproxy.ask(.GET, "/v1/drain?app=\(appID)", as: Drain.self)
            let hold = try await backup.ask(.GET, "/v1/hold?app=\(appID)", as: Hold.self)
            if hold.waiting > 0 { return "a request came" }
            if drain.sessions == 0 && hold.inFlight == 0 { return nil }
            if clock.now >= deadline { return "\(drain.sessions + hold.inFlight) requests or connections do not end" }
            try await clock.sleep(for: .milliseconds(50))
        }
    }

    private func untilGone(_ appID: String) async {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.killLimit
        while clock.now < deadline {
            if let tasks = try? await marathon.app(appID)?.tasks ?? [], tasks.isEmpty { return }
            try? await clock.sleep(for: .milliseconds(20))
        }
        logger.warning("its tasks are not gone yet", metadata: ["app": "\(appID)"])
    }

    private func callOff(_ appID: String) async {
        // Servers first: what is let go then has somewhere to go.
        _ = try? await haproxy.ask(.DELETE, "/v1/drain?app=\(appID)", as: Drain.self)
        _ = try? await backup.ask(.DELETE, "/v1/hold?app=\(appID)", as: Hold.self)
    }
}

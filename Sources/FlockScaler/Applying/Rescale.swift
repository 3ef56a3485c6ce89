import FlockCore
import Marathon

/// Has Marathon run more instances, or start some.
struct Rescale: Sendable {
    let marathon: MarathonClient

    /// A deployment that somebody else began is waited for this long.
    private static let patience = Duration.seconds(2)

    /// - Throws: the last error, when a deployment of the app goes on or Marathon does not take it.
    func run(_ appID: String, to instances: Int) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        var pause = Duration.milliseconds(100)
        while true {
            do {
                _ = try await marathon.scale(appID, to: instances)
                return
            } catch {
                guard error.code == .locked, clock.now + pause < deadline else { throw error }
            }
            try await clock.sleep(for: pause)
            pause *= 2
        }
    }
}

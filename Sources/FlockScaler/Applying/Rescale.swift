import FlockCore
import Marathon

/// Has Marathon run another number of instances, without asking who uses them.
struct Rescale: Sendable {
    let marathon: MarathonClient

    /// A deployment that somebody else began is waited for this long.
    private static let patience = Duration.seconds(2)

    /// - Parameter from: what was decided upon; somebody may have changed it since, and meant it.
    /// - Returns: whether it was done.
    /// - Throws: the last error, when a deployment of the app goes on or Marathon does not take it.
    func run(_ appID: String, from: Int, to instances: Int) async throws -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        var pause = Duration.milliseconds(100)
        while true {
            guard let app = try await marathon.app(appID), app.instances == from else { return false }
            do {
                _ = try await marathon.scale(appID, to: instances, force: app.isBeingScaled)
                return true
            } catch {
                guard error.code == .locked, clock.now + pause < deadline else { throw error }
            }
            try await clock.sleep(for: pause)
            pause *= 2
        }
    }
}

import Foundation

/// What a waiting page shows.
extension Waker {
    struct Progress: Sendable, Hashable, Encodable {
        enum State: String, Sendable, Encodable { case asleep, starting, checking, ready, failing }

        var state: State
        /// Since the wake began.
        var seconds: Int?
        /// Why the last start failed, as a code.
        var reason: String?
        /// Seconds until the next start is tried.
        var retryAfter: Int?

        var json: String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
        }
    }

    /// `nil` while Marathon was not asked for the app.
    func slug(of appID: String) -> String? { entries[appID]?.slug }

    /// How far the app is; asking wakes nothing.
    func progress(of appID: String) async -> Progress {
        await look(appID)
        let now = clock.now
        let entry = entry(appID)
        if !entry.state.serving(at: now).isEmpty { return Progress(state: .ready) }
        if let left = entry.backOff.left(at: now), let reason = entry.backOff.reason {
            return Progress(state: .failing, reason: reason.code, retryAfter: left.wholeSeconds)
        }
        guard let attempt = entry.attempt else { return Progress(state: .asleep) }
        return Progress(
            state: attempt.progress == .checking ? .checking : .starting,
            seconds: Int((now - attempt.began) / .seconds(1)))
    }
}

extension Duration {
    /// Rounded up, and at least 1, as `Retry-After` wants it.
    var wholeSeconds: Int { max(1, Int((self / .seconds(1)).rounded(.up))) }
}

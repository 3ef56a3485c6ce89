import Foundation
import Marathon

/// An entry of `/v2/queue`. Source: Marathon's `types/queue.raml`.
struct QueueItem: Encodable, Sendable {
    struct Delay: Encodable, Sendable {
        var timeLeftSeconds: Int
        var overdue: Bool
    }

    struct Rejected: Encodable, Sendable {
        var reason: String
        var declined: Int
        var processed: Int
    }

    struct Summary: Encodable, Sendable {
        var processedOffersCount: Int
        var unusedOffersCount: Int
        var lastUnusedOfferAt: String?
        var lastUsedOfferAt: String?
        var rejectSummaryLastOffers: [Rejected]
        var rejectSummaryLaunchAttempt: [Rejected]
    }

    var app: App
    var count: Int
    var delay: Delay
    var since: String
    var processedOffersSummary: Summary
    /// Only where it was asked for. The offers themselves are not kept: they are all of this machine.
    var lastUnusedOffers: [String]?

    init(_ entry: QueueEntry, app: App, delay: Duration?, embedsOffers: Bool) {
        self.app = app
        count = entry.count
        let left = Int(((delay ?? .zero) / .seconds(1)).rounded(.up))
        self.delay = Delay(timeLeftSeconds: left, overdue: left == 0)
        since = Moment.timestamp(entry.since)
        processedOffersSummary = Summary(
            processedOffersCount: entry.processed, unusedOffersCount: entry.unused,
            lastUnusedOfferAt: entry.lastUnused.map(Moment.timestamp),
            lastUsedOfferAt: entry.lastUsed.map(Moment.timestamp),
            rejectSummaryLastOffers: Self.funnel(entry.last.map { [$0: 1] } ?? [:], of: entry.last == nil ? 0 : 1),
            rejectSummaryLaunchAttempt: Self.funnel(entry.rejections, of: entry.processed))
        lastUnusedOffers = embedsOffers ? [] : nil
    }

    /// Marathon looks for each reason in turn, at the offers that the reasons before left.
    private static func funnel(_ rejections: [Rejection: Int], of processed: Int) -> [Rejected] {
        var left = processed
        return Rejection.allCases.compactMap { reason in
            let declined = rejections[reason] ?? 0
            // Marathon does not know it, so it is told only where it matters.
            if reason == .container && declined == 0 { return nil }
            defer { left -= declined }
            return Rejected(reason: reason.rawValue, declined: declined, processed: left)
        }
    }
}

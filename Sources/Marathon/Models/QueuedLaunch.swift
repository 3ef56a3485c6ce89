/// An entry of `/v2/queue`: tasks that wait to be launched. Source: Marathon's `types/queue.raml`.
public struct QueuedLaunch: Decodable, Sendable, Hashable {
    public struct Subject: Decodable, Sendable, Hashable {
        public var id: String
    }

    public struct Delay: Decodable, Sendable, Hashable {
        public var timeLeftSeconds: Int
        public var overdue: Bool
    }

    /// Marathon 1.4 and later.
    public struct Summary: Decodable, Sendable, Hashable {
        /// Why offers were of no use since the last launch.
        public var rejectSummaryLastOffers: [Rejected]?
    }

    public struct Rejected: Decodable, Sendable, Hashable {
        public var reason: String
        public var declined: Int
    }

    /// `nil` for a pod.
    public var app: Subject?
    public var delay: Delay?
    public var processedOffersSummary: Summary?
}

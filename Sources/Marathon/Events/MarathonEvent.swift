import Foundation

/// One event of `/v2/events`, with the keys that a client may act on. Use it to know what to read again:
/// Marathon does not promise an order and does not send again what was missed.
public struct MarathonEvent: Codable, Sendable, Hashable {
    public var eventType: String
    public var timestamp: String?
    public var appId: String?
    public var taskId: String?
    public var taskStatus: String?
    public var host: String?
    public var ports: [Int]?
    public var alive: Bool?
    public var runSpecId: String?

    /// Of an API call: what was put.
    public var appDefinition: AppReference?
    /// Of a deployment.
    public var plan: Plan?

    public struct AppReference: Codable, Sendable, Hashable {
        public var id: String?
    }

    public struct Plan: Codable, Sendable, Hashable {
        public var steps: [Deployment.Step]
    }

    /// The app the event is about, whichever key names it.
    public var app: String? { appId ?? runSpecId ?? appDefinition?.id }

    /// The apps the event is about, those of a deployment's steps included. None: it may concern any.
    public var apps: Set<String> {
        Set([app].compactMap(\.self) + (plan?.steps ?? []).flatMap(\.actions).map(\.app)).subtracting([""])
    }

    public init(eventType: String) {
        self.eventType = eventType
    }

    /// `nil` for what is no event: a stream may carry anything.
    public init?(json: [UInt8]) {
        guard let event = try? JSONDecoder().decode(Self.self, from: Data(json)) else { return nil }
        self = event
    }
}

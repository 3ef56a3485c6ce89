/// Stands for one request that was sent to an app: as long as it exists, the request has not ended.
public final class ForwardTicket: Sendable, Equatable {
    private let inFlight: RequestsInFlight

    init(_ inFlight: RequestsInFlight) {
        self.inFlight = inFlight
        inFlight.add(1)
    }

    deinit {
        inFlight.add(-1)
    }

    public static func == (one: ForwardTicket, other: ForwardTicket) -> Bool { one === other }
}

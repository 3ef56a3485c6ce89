/// Stands for one request that was sent to an app, and tells how far it is. When nothing holds the ticket any longer,
/// the request has ended.
public final class ForwardTicket: Sendable, Equatable {
    enum Stage: Sendable {
        /// The head of the response has gone to the client.
        case answered
        /// It is a tunnel from here on.
        case tunnelled
        case ended
    }

    private let tell: @Sendable (Stage) -> Void

    init(_ tell: @escaping @Sendable (Stage) -> Void) {
        self.tell = tell
    }

    deinit {
        tell(.ended)
    }

    func reached(_ stage: Stage) { tell(stage) }

    public static func == (one: ForwardTicket, other: ForwardTicket) -> Bool { one === other }
}

/// What has to be read of Marathon again: an event says which apps, or leaves it open.
public enum Unread: Sendable, Hashable {
    case apps(Set<String>)
    case everything

    public static let nothing = Unread.apps([])
    /// Above this, one request for all apps is cheaper than one for each.
    private static let most = 20

    public mutating func add(_ event: MarathonEvent) {
        guard case .apps(let ids) = self, !event.apps.isEmpty else {
            self = .everything
            return
        }
        let all = ids.union(event.apps)
        self = all.count > Self.most ? .everything : .apps(all)
    }
}

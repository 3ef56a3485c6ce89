import HAProxy

/// When a backend may leave HAProxy: some time after its app went to sleep, so that an app that wakes now and then
/// costs no reload each time. It leaves with a reload that is made for another reason.
struct BackendRetention: Sendable, Hashable {
    /// How long a backend stays without a task. It costs HAProxy some 30 KiB.
    static let period = Duration.seconds(3600)

    private var emptySince: [HAProxyName: ContinuousClock.Instant] = [:]

    mutating func look(at slots: SlotTable, _ table: RoutingTable, now: ContinuousClock.Instant) {
        let used = Set(table.routes.filter(\.wantsBackend).map(\.backend))
        emptySince = emptySince.filter { !used.contains($0.key) && slots.backends[$0.key] != nil }
        for backend in slots.backends.keys where !used.contains(backend) && emptySince[backend] == nil {
            emptySince[backend] = now
        }
    }

    /// Backends that the next reload may leave out: those of apps that are gone at once.
    func leaving(_ table: RoutingTable, now: ContinuousClock.Instant) -> Set<HAProxyName> {
        let known = Set(table.routes.map(\.backend))
        return Set(emptySince.filter { !known.contains($0.key) || now - $0.value >= Self.period }.keys)
    }
}

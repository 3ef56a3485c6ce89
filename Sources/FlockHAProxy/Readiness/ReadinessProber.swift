import AsyncHTTPClient
import HAProxy
import Marathon

/// Asks tasks that have just started whether they serve, in short steps: Marathon's own checks may take a minute
/// to say so.
actor ReadinessProber {
    private let probe: HealthProbe
    private let isProven: @Sendable (_ taskID: String) async -> Void
    private var running: [String: Task<Void, Never>] = [:]

    init(http: HTTPClient, isProven: @escaping @Sendable (_ taskID: String) async -> Void) {
        probe = HealthProbe(http: http)
        self.isProven = isProven
    }

    /// Brings the set of asked tasks to this one.
    func follow(_ targets: [(target: RoutingTable.Target, check: HealthCheck?)]) {
        let wanted = Set(targets.map(\.target.taskID))
        for (id, work) in running where !wanted.contains(id) {
            work.cancel()
            running[id] = nil
        }
        for (target, check) in targets where running[target.taskID] == nil {
            running[target.taskID] = Task { [probe, isProven] in
                var pause = Duration.milliseconds(5)
                while !Task.isCancelled {
                    if await probe.ask(check, host: target.host, ports: target.ports, timeout: .seconds(5)) == nil {
                        return await isProven(target.taskID)
                    }
                    try? await Task.sleep(for: pause)
                    pause = min(.milliseconds(500), pause * 3 / 2)
                }
            }
        }
    }
}

import FlockCore
import HAProxy
import Testing

@testable import FlockHAProxy

@Suite struct BackendRetentionTests {
    private let start = ContinuousClock.now
    private let domain = HostDomain("flock.test")!

    private func table(_ apps: String...) -> RoutingTable {
        RoutingTable(
            apps: apps.map {
                $0.hasSuffix("+")
                    ? AppExamples.app(String($0.dropLast()), "1.0.0", ports: [31000])
                    : AppExamples.app($0, "1.0.0")
            }, domain: domain)
    }

    private var slots: SlotTable {
        var slots = SlotTable()
        for name in ["app_a_1_0_0", "app_b_1_0_0"] { slots.grow(HAProxyName(name)!, to: 4) }
        return slots
    }

    @Test func `a backend stays for a while after its app went to sleep`() {
        var retention = BackendRetention()
        retention.look(at: slots, table("a", "b+"), now: start)
        let soon = start + BackendRetention.period - .seconds(1)
        retention.look(at: slots, table("a", "b+"), now: soon)
        #expect(retention.leaving(table("a", "b+"), now: soon).isEmpty)
        #expect(
            retention.leaving(table("a", "b+"), now: start + BackendRetention.period).map(\.rawValue) == ["app_a_1_0_0"]
        )
    }

    @Test func `waking begins the time anew`() {
        var retention = BackendRetention()
        retention.look(at: slots, table("a", "b"), now: start)
        retention.look(at: slots, table("a+", "b"), now: start + .seconds(60))
        retention.look(at: slots, table("a", "b"), now: start + .seconds(120))
        #expect(
            retention.leaving(table("a", "b"), now: start + BackendRetention.period).map(\.rawValue) == ["app_b_1_0_0"])
    }

    @Test func `the backend of an app that is gone may leave at once`() {
        var retention = BackendRetention()
        retention.look(at: slots, table("b+"), now: start)
        #expect(retention.leaving(table("b+"), now: start).map(\.rawValue) == ["app_a_1_0_0"])
    }
}

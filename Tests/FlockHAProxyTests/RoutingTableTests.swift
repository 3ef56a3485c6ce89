import FlockCore
import HAProxy
import Marathon
import Testing

@testable import FlockHAProxy

@Suite struct RoutingTableTests {
    private func table(_ apps: [App]) -> RoutingTable { RoutingTable(apps: apps, domain: HostDomain("x.org")!) }

    private func hosts(_ table: RoutingTable, _ id: String) -> [String] {
        table.routes.first { $0.appID == id }.map { ($0.hosts + $0.releaseHosts).map(\.rawValue).sorted() } ?? []
    }

    private let old = AppExamples.app("shop", "1.0.0", release: 1)
    private let new = AppExamples.app("shop", "2.0.0", release: 2)

    @Test func `the release record decides what a slug serves`() {
        let table = table([old, new, AppExamples.record("shop", 3, old.id)])
        #expect(hosts(table, old.id) == ["shop-1-0-0.x.org", "shop.x.org", "shop_1_0_0.x.org"])
        #expect(hosts(table, new.id) == ["shop-2-0-0.x.org", "shop_2_0_0.x.org"])
        #expect(table.routes.map(\.appID) == [old.id, new.id])
    }

    @Test(arguments: [[], [AppExamples.record("shop", 9, "/gone-1.0.0")]])
    func `without a record that leads anywhere the newest release is served`(_ records: [App]) {
        #expect(hosts(table([new, old] + records), new.id).contains("shop.x.org"))
    }

    @Test func `an app is found by its id, and by the slug that it is served for`() {
        let table = table([old, new, AppExamples.record("shop", 3, old.id)])
        #expect(table.route(named: "shop")?.appID == old.id)
        #expect(table.route(named: new.id)?.appID == new.id)
        #expect(table.route(named: "other") == nil)
    }

    @Test func `the order of the apps does not matter`() {
        let apps = [old, new, AppExamples.record("shop", 3, old.id), AppExamples.app("a", "1.0.0")]
        #expect(table(apps) == table(apps.reversed()))
    }

    @Test func `extra hosts follow the release`() {
        let labels = [Label.hosts: "shop.example.org"]
        let one = AppExamples.app("shop", "1.0.0", release: 1, labels: labels)
        let two = AppExamples.app("shop", "2.0.0", release: 2, labels: labels)
        let table = table([one, two])
        #expect(hosts(table, two.id).contains("shop.example.org"))
        #expect(!hosts(table, one.id).contains("shop.example.org"))
    }

    @Test func `an extra host cannot take another app's own`() {
        let thief = AppExamples.app("aaa", "1.0.0", labels: [Label.hosts: "shop.x.org,shop-1-0-0.x.org"])
        let table = table([thief, old])
        #expect(hosts(table, old.id).contains("shop.x.org") && hosts(table, old.id).contains("shop-1-0-0.x.org"))
    }

    @Test func `labels that say they are another app's take none of its names`() {
        let thief = AppExamples.app("shop", "1.0.0", release: 99, ports: [1], id: "/aaa")
        let table = table([thief, old, AppExamples.record("shop", 1, old.id)])
        #expect(hosts(table, thief.id).isEmpty)
        #expect(hosts(table, old.id).contains("shop.x.org") && hosts(table, old.id).contains("shop-1-0-0.x.org"))
    }

    @Test func `a path of a name that Flock gave leads to that program only`() {
        let thief = AppExamples.app(
            "aaa", "1.0.0", labels: [Label.hosts: "shop.x.org/login,shop-1-0-0.x.org/a,b.org/c"])
        let own = AppExamples.app("shop", "2.0.0", release: 2, labels: [Label.hosts: "shop.x.org/new"])
        let routes = table([thief, old, own]).routes
        #expect(routes.first { $0.appID == thief.id }?.prefixes.map(\.rawValue) == ["b.org/c/"])
        #expect(routes.first { $0.appID == own.id }?.prefixes.map(\.rawValue) == ["shop.x.org/new/"])
    }

    @Test func `a preview has its own host and leaves the release alone`() {
        let preview = AppExamples.app(
            "shop", "9.0.0", release: 99, labels: [Label.preview: "feature/x", Label.hosts: "shop.example.org"],
            id: "/preview/feature-x-ef6sx5/shop")
        let table = table([old, preview])
        #expect(hosts(table, preview.id) == ["feature-x-ef6sx5--shop.x.org"])
        #expect(hosts(table, old.id).contains("shop.x.org"))
    }

    @Test(arguments: ["a;b.org", "a\nb.org", "a b.org", "a\"b.org", "{a}.org", "é.org", "x\r\nshow info"])
    func `a hostile host appears nowhere`(_ host: String) {
        let app = AppExamples.app("shop", "1.0.0", labels: [Label.hosts: host])
        #expect(hosts(table([app]), app.id) == ["shop-1-0-0.x.org", "shop.x.org", "shop_1_0_0.x.org"])
    }

    @Test(arguments: ["a;b", "a\nb", "A", "../x", "a b", String(repeating: "a", count: 41)])
    func `an app with a hostile slug is left alone`(_ slug: String) {
        #expect(table([AppExamples.app(slug, "1.0.0", id: "/x-1.0.0")]).routes.isEmpty)
    }

    @Test func `an app without the label is left alone`() {
        #expect(table([App(definition: AppDefinition(id: "/other"), version: "1")]).routes.isEmpty)
    }

    @Test func `targets are the tasks that run, at addresses`() throws {
        var app = AppExamples.app("shop", "1.0.0", ports: [3002, 3001])
        let id = app.id
        app.tasks?.append(AppExamples.task(3003, of: id, state: "TASK_STAGING"))
        app.tasks?.append(AppExamples.task(3004, of: id, host: "evil.example.org addr 1.2.3.4"))
        app.tasks?.append(AppExamples.task(3005, of: id, host: "localhost"))
        let targets = try #require(table([app]).routes.first).targets
        #expect(targets.map(\.address.description) == ["127.0.0.1:3001", "127.0.0.1:3002", "127.0.0.1:3005"])
    }

    @Test func `the check's port is the one that is served`() throws {
        var app = AppExamples.app("shop", "1.0.0", ports: [3001], path: "/")
        app.definition.healthChecks?[0].portIndex = 1
        app.tasks?[0].ports = [3001, 3002]
        #expect(table([app]).routes.first?.targets.first?.address.port == 3002)
    }

    @Test func `flock-backups that run as apps are found by their role`() {
        var backup = App(definition: AppDefinition(id: "/flock-backup-1.0.0"), version: "1")
        backup.definition.labels = [Label.role: "backup"]
        backup.tasks = [AppExamples.task(9101, of: backup.id, host: "10.0.0.5")]
        #expect(table([backup]).backups.map(\.description) == ["10.0.0.5:9101"])
    }

    @Test func `an app that gets a task is taken over as if all were read`() {
        let woken = AppExamples.app("shop", "2.0.0", release: 2, ports: [1, 2])
        var present = table([old, new])
        for (before, after) in [(new, woken), (woken, new)] {
            let isTaken = present.update(before, to: after)
            #expect(isTaken)
            #expect(present == table([old, after]))
        }
    }

    @Test func `an app whose names, check or role change is not taken over alone`() {
        let renamed = AppExamples.app("shop", "2.0.0", release: 2, labels: [Label.hosts: "shop.example.org"])
        let checked = AppExamples.app("shop", "2.0.0", release: 2, path: "/up")
        let record = AppExamples.record("shop", 3, old.id)
        var backup = new
        backup.definition.labels = [Label.role: "backup"]
        let changes: [(App?, App?)] = [
            (new, renamed), (new, checked), (nil, new), (new, nil), (backup, backup),
            (record, AppExamples.record("shop", 4, new.id)),
        ]
        for (before, after) in changes {
            let former = table([old, before, record].compactMap(\.self))
            var present = former
            let isTaken = present.update(before, to: after)
            #expect(!isTaken)
            #expect(present == former)
        }
    }
}

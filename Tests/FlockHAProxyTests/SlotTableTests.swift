import HAProxy
import Testing

@testable import FlockHAProxy

@Suite struct SlotTableTests {
    private let backend = HAProxyName("app_shop_1_0_0")!
    private typealias Target = (taskID: String, address: AddressToken, isReady: Bool)

    private func target(_ task: String, _ port: Int, ready: Bool = true) -> Target {
        (task, AddressToken(ip: "127.0.0.1", port: port)!, ready)
    }

    private func table(_ targets: [Target], slots: Int = 4) -> SlotTable {
        var table = SlotTable()
        table.grow(backend, to: slots)
        table.assign(targets, to: backend)
        return table
    }

    private func changed(_ table: SlotTable, to targets: [Target]) -> SlotTable {
        var next = table
        next.assign(targets, to: backend)
        return next
    }

    @Test(arguments: [(0, 4), (1, 4), (2, 4), (3, 8), (6, 8), (7, 16), (100, 128)])
    func `there is room to grow`(_ instances: Int, _ slots: Int) {
        #expect(SlotTable.count(for: instances) == slots)
    }

    @Test func `a task keeps its server while others come and go`() {
        let before = table([target("a", 1), target("b", 2), target("c", 3)])
        let after = changed(before, to: [target("d", 4), target("c", 3), target("b", 2)])
        #expect(after.backends[backend]?.map(\.taskID) == ["d", "b", "c", nil])
    }

    @Test func `the order of the tasks does not matter`() {
        let before = table([target("a", 1), target("b", 2)])
        #expect(changed(before, to: [target("b", 2), target("a", 1)]) == before)
    }

    @Test func `more tasks than slots are left out`() {
        let table = table((1...6).map { target("t\($0)", $0) })
        #expect(table.backends[backend]?.compactMap(\.taskID) == ["t1", "t2", "t3", "t4"])
        #expect(!table.fits(backend, tasks: 5))
        #expect(table.fits(backend, tasks: 4))
    }

    @Test func `slots are never taken away by growing`() {
        var table = table([target("a", 1)])
        table.grow(backend, to: 2)
        #expect(table.backends[backend]?.count == 4)
        table.grow(backend, to: 8)
        #expect(table.backends[backend]?.map(\.name) == (1...8).map { "s\($0)" })
        #expect(table.backends[backend]?.first?.taskID == "a")
    }

    @Test func `nothing changed needs no command`() {
        let table = table([target("a", 1), target("b", 2, ready: false)])
        #expect(table.changes(to: table).isEmpty)
    }

    @Test func `a new server gets its address before requests`() {
        let commands = table([]).changes(to: table([target("a", 3001)])).map(\.description)
        #expect(
            commands == [
                "set server app_shop_1_0_0/s1 addr 127.0.0.1 port 3001", "set server app_shop_1_0_0/s1 state ready",
            ])
    }

    @Test func `a server that leaves is closed and nothing more`() {
        let before = table([target("a", 3001)])
        #expect(
            before.changes(to: changed(before, to: [])).map(\.description) == [
                "set server app_shop_1_0_0/s1 state maint"
            ])
    }

    @Test func `a server gets another address only while it is closed`() {
        let commands = table([target("a", 3001)]).changes(to: table([target("b", 3002)])).map(\.description)
        #expect(
            commands == [
                "set server app_shop_1_0_0/s1 state maint", "set server app_shop_1_0_0/s1 addr 127.0.0.1 port 3002",
                "set server app_shop_1_0_0/s1 state ready",
            ])
    }

    @Test func `a task that does not serve yet is not sent anything`() {
        #expect(table([]).changes(to: table([target("a", 3001, ready: false)])).isEmpty)
    }

    @Test func `a task that begins to serve needs its address known`() {
        let before = table([target("a", 3001, ready: false)])
        let commands = before.changes(to: changed(before, to: [target("a", 3001)])).map(\.description)
        #expect(commands.last == "set server app_shop_1_0_0/s1 state ready")
        // HAProxy was never told the address, since the server was closed.
        #expect(commands.contains("set server app_shop_1_0_0/s1 addr 127.0.0.1 port 3001"))
    }
}

import HAProxy

/// Which server of a backend stands for which task. A task keeps its server for as long as it lives, so that a
/// change touches only what changed.
struct SlotTable: Sendable, Hashable {
    struct Slot: Sendable, Hashable {
        /// `s1`, `s2` …
        var number: Int
        var taskID: String?
        var address: AddressToken?
        /// Whether requests are sent there.
        var isReady = false

        var name: String { "s\(number)" }
    }

    /// Of each backend that HAProxy has.
    private(set) var backends: [HAProxyName: [Slot]] = [:]

    /// Slots for so many instances, with room to grow before HAProxy must be reloaded: a power of two, 4 or more.
    static func count(for instances: Int) -> Int {
        var count = 4
        while count < instances + 2 { count *= 2 }
        return count
    }

    /// Whether the tasks fit without a reload.
    func fits(_ backend: HAProxyName, tasks: Int) -> Bool { (backends[backend]?.count ?? 0) >= tasks }

    /// Gives the backend more slots, never fewer.
    mutating func grow(_ backend: HAProxyName, to count: Int) {
        let present = backends[backend]?.count ?? 0
        guard count > present else { return }
        backends[backend, default: []] += (present..<count).map { Slot(number: $0 + 1) }
    }

    mutating func drop(_ backend: HAProxyName) {
        backends[backend] = nil
    }

    /// Fills the slots: tasks that have one stay there, new ones take a free one.
    /// - Parameter targets: more than the slots are left out.
    mutating func assign(_ targets: [(taskID: String, address: AddressToken, isReady: Bool)], to backend: HAProxyName) {
        guard var slots = backends[backend] else { return }
        var waiting = targets
        for index in slots.indices {
            if let place = waiting.firstIndex(where: { $0.taskID == slots[index].taskID }) {
                let target = waiting.remove(at: place)
                slots[index].address = target.address
                slots[index].isReady = target.isReady
            } else {
                slots[index].taskID = nil
                slots[index].isReady = false
            }
        }
        for index in slots.indices where slots[index].taskID == nil && !waiting.isEmpty {
            let target = waiting.removeFirst()
            slots[index] = Slot(
                number: slots[index].number, taskID: target.taskID, address: target.address, isReady: target.isReady)
        }
        backends[backend] = slots
    }

    /// Gives every app that runs a backend with enough slots.
    /// - Parameter everyApp: also those that sleep.
    /// - Returns: whether HAProxy lacks a backend or slots for this.
    mutating func makeRoom(for table: RoutingTable, everyApp: Bool) -> Bool {
        var isGrown = false
        for route in table.routes where (route.wantsBackend || everyApp) && route.options != nil {
            let wanted = max(route.targets.count, route.instances)
            guard !fits(route.backend, tasks: max(1, wanted)) else { continue }
            grow(route.backend, to: Self.count(for: wanted))
            isGrown = true
        }
        return isGrown
    }

    /// Puts each app's tasks into its backend's slots; those of apps that are gone are emptied.
    mutating func fill(
        from table: RoutingTable, _ isServing: (RoutingTable.Target, RoutingTable.Route) -> Bool
    ) {
        let routes = Dictionary(table.routes.map { ($0.backend, $0) }) { first, _ in first }
        for backend in backends.keys {
            guard let route = routes[backend] else {
                assign([], to: backend)
                continue
            }
            recognise(route.targets, in: backend)
            assign(route.targets.map { ($0.taskID, $0.address, isServing($0, route)) }, to: backend)
        }
    }

    /// What HAProxy has, as read from it after our own restart: addresses without tasks.
    mutating func adopt(_ servers: [ServerState]) {
        for server in servers {
            guard server.server.hasPrefix("s"), let number = Int(server.server.dropFirst()), number > 0,
                let backend = HAProxyName(server.backend)
            else { continue }
            grow(backend, to: number)
            backends[backend]?[number - 1].address = server.address
            backends[backend]?[number - 1].isReady = server.condition == .ready && (server.address?.port ?? 1) > 1
        }
    }

    /// Gives adopted slots the tasks that are at their addresses.
    mutating func recognise(_ targets: [RoutingTable.Target], in backend: HAProxyName) {
        guard var slots = backends[backend] else { return }
        for index in slots.indices where slots[index].taskID == nil {
            guard slots[index].isReady, let target = targets.first(where: { $0.address == slots[index].address }) else {
                continue
            }
            slots[index].taskID = target.taskID
        }
        backends[backend] = slots
    }

    /// Commands that bring HAProxy from this state to another one with the same slots.
    func changes(to other: SlotTable) -> [RuntimeCommand] {
        var commands: [RuntimeCommand] = []
        for (backend, slots) in other.backends.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            for (index, new) in slots.enumerated() {
                let old = backends[backend].flatMap { $0.indices.contains(index) ? $0[index] : nil }
                guard let server = HAProxyName(new.name) else { continue }
                // What was learnt of a server while nothing was sent there, HAProxy has not been told.
                let moved = new.isReady && (old?.isReady != true || new.address != old?.address)
                // A server is changed only while nothing is sent there.
                if old?.isReady == true && (moved || !new.isReady) {
                    commands.append(.setState(backend: backend, server: server, .maint))
                }
                if moved, let address = new.address {
                    commands.append(.setServer(backend: backend, server: server, address: address))
                }
                if new.isReady && (moved || old?.isReady != true) {
                    commands.append(.setState(backend: backend, server: server, .ready))
                }
            }
        }
        return commands
    }
}

import FlockCore
import FlockDaemon
import Synchronization

/// Ports that nobody listens on. Each is handed out once, and from below those that systems give to outgoing
/// connections, so that no other test takes it before it is used.
public func freePorts(_ count: Int) async throws -> [Int] {
    var ports: [Int] = []
    while ports.count < count {
        let port = nextPort.withLock { next in
            defer { next = next == portsOfTests.upperBound ? portsOfTests.lowerBound : next + 1 }
            return next
        }
        let address = ListenAddress(host: "0.0.0.0", port: port)
        if (try? PortCheck.requireFree([(address, "")])) != nil { ports.append(port) }
    }
    return ports
}

/// Ports for the tasks of one engine.
public func freePortRange(_ count: Int) -> ClosedRange<Int> {
    nextPort.withLock { next in
        if next + count > portsOfTests.upperBound { next = portsOfTests.lowerBound }
        defer { next += count }
        return next...(next + count - 1)
    }
}

/// Linux gives 32768 and more to connections, macOS 49152 and more.
private let portsOfTests = 12_000...30_999
/// Another run of the tests beside this one most likely begins elsewhere.
private let nextPort = Mutex(Int.random(in: portsOfTests))

import Synchronization

/// Counts the requests and tunnels being served. A class, because connections on several event loops share one.
final class RequestsInFlight: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { self.count.load(ordering: .relaxed) }

    func add(_ change: Int) {
        self.count.wrappingAdd(change, ordering: .relaxed)
    }
}

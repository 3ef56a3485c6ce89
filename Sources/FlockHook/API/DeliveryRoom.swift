import Synchronization

/// Bytes of bodies that are held at once. Anybody can send one, and who they are shows only at its end.
final class DeliveryRoom: Sendable {
    private let limit: Int
    private let held = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: false when there is no room for so many more.
    func take(_ bytes: Int) -> Bool {
        held.withLock { held in
            guard held + bytes <= limit else { return false }
            held += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) { held.withLock { $0 -= bytes } }
}

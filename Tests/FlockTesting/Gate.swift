import Synchronization

/// Programs wait at it until the test lets them go on.
public final class Gate: Sendable {
    private final class Door: Sendable {
        let isOpen: Atomic<Bool>
        init(_ isOpen: Bool) { self.isOpen = Atomic(isOpen) }
    }

    private let door: Door
    private let server: TinyServer

    public init(isOpen: Bool = false) async throws {
        let door = Door(isOpen)
        self.door = door
        server = try await TinyServer { _, _ in .status(door.isOpen.load(ordering: .relaxed) ? 200 : 503) }
    }

    public func open() { door.isOpen.store(true, ordering: .relaxed) }
    public func close() { door.isOpen.store(false, ordering: .relaxed) }
    public func stop() async throws { try await server.stop() }

    /// A statement for Node that goes on with an expression once the gate is open.
    public func passing(_ next: String) -> String {
        "(function wait() { fetch('http://127.0.0.1:\(server.port)/').catch(() => ({}))"
            + ".then((answer) => answer.ok ? \(next) : setTimeout(wait, 20)); })();"
    }
}

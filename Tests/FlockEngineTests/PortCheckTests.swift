import FlockTesting
import NIOCore
import NIOPosix
import Testing

@testable import FlockEngine

struct PortCheckTests {
    @Test(arguments: ["127.0.0.1", "0.0.0.0", "::1", "::"])
    func `a port is taken as long as somebody listens there, on any address`(_ host: String) async throws {
        let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        let port = try await freePorts(1)[0]
        guard let listener = try? await bootstrap.bind(host: host, port: port).get() else {
            // A machine without IPv6.
            return #expect(host.contains(":"))
        }
        #expect(!PortCheck.isFree(port))
        // Looking does not take it.
        #expect(!PortCheck.isFree(port))
        try await listener.close()
        // A child that another test starts has its sockets until it becomes its program.
        try await eventually("it is free") { PortCheck.isFree(port) && PortCheck.isFree(port) }
    }

    @Test func `the connections of one who has listened do not count`() async throws {
        let port = try await freePorts(1)[0]
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { $0.close() }
            .bind(host: "127.0.0.1", port: port).get()
        // The listener's side closes first, and is remembered for a minute.
        let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
        try await client.closeFuture.get()
        try await listener.close()
        try await eventually("it is free") { PortCheck.isFree(port) }
    }

    @Test func `what is no port is not free`() {
        #expect(!PortCheck.isFree(-1) && !PortCheck.isFree(65_536))
    }
}

import FlockCore
import FlockTesting
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import FlockDaemon

@Suite struct PortCheckTests {
    @Test func `a port that is taken is said to be, with the program that has it`() async throws {
        let port = try await freePorts(1)[0]
        // Connections of one who listened before may be remembered for a minute.
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
        let address = ListenAddress(host: "127.0.0.1", port: port)
        let own = ProcessInfo.processInfo.processIdentifier
        #expect(PortOwner.of(port: port)?.pid == own)
        let error = #expect(throws: DaemonError.self) {
            try PortCheck.requireFree([(address, "http.listen")])
        }
        #expect(error?.code == .portInUse)
        #expect(error?.message.contains("port \(port) is taken") == true)
        #expect(error?.hint?.contains("--set http.listen=127.0.0.1:PORT") == true)
        try await channel.close()
        #expect(await eventually { PortOwner.of(port: port) == nil })
        #expect(
            await eventually {
                (try? PortCheck.requireFree([(address, "http.listen")])) != nil
            })
    }

    /// The kernel's list of them has more than a page then.
    @Test func `who has a port is found where hundreds are taken`() async throws {
        var channels: [any Channel] = []
        for _ in 0..<200 {
            channels.append(
                try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .bind(host: "127.0.0.1", port: 0).get())
        }
        let own = ProcessInfo.processInfo.processIdentifier
        for port in channels.compactMap({ $0.localAddress?.port }) {
            #expect(PortOwner.of(port: port)?.pid == own)
        }
        for channel in channels { try await channel.close() }
    }

    @Test func `who connects while it is looked is refused, not taken and forgotten`() async throws {
        let port = try await freePorts(1)[0]
        let address = ListenAddress(host: "127.0.0.1", port: port)
        let isOver = Flag()
        async let connected: Int = {
            var count = 0
            while !isOver.isRaised {
                let client = try? await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connect(host: "127.0.0.1", port: port).get()
                if let client {
                    count += 1
                    try? await client.close()
                }
            }
            return count
        }()
        for _ in 0..<500 { try PortCheck.requireFree([(address, "http.listen")]) }
        isOver.raise()
        #expect(await connected == 0)
    }
}

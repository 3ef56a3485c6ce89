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
        for channel in channels[..<5] + channels[195...] {
            #expect(PortOwner.of(port: try #require(channel.localAddress?.port))?.pid == own)
        }
        for channel in channels { try await channel.close() }
    }

    /// Ids start again at 300 some day: a worker's may be the smaller one.
    @Test func `who has inherited the socket is not said to have the port`() throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        func write(_ file: String, _ text: String) throws {
            let url = URL(filePath: folder.path).appending(path: file)
            try files.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        try write("net/tcp", "  sl  local_address\n   0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 77 1\n")
        for (pid, command, start) in [(310, "worker", 900), (20_000, "server", 40), (20_001, "worker", 41)] {
            try write("\(pid)/comm", "\(command)\n")
            let upToStart = String(repeating: " 0", count: 18)
            try write("\(pid)/stat", "\(pid) (\(command)) S\(upToStart) \(start) 0\n")
            try files.createDirectory(atPath: "\(folder.path)/\(pid)/fd", withIntermediateDirectories: false)
            try files.createSymbolicLink(
                atPath: "\(folder.path)/\(pid)/fd/7", withDestinationPath: "socket:[77]")
        }
        #expect(PortOwner.of(port: 8080, proc: folder.path) == PortOwner(pid: 20_000, command: "server"))
        #expect(PortOwner.of(port: 8081, proc: folder.path) == nil)
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

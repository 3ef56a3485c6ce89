import AsyncHTTPClient
import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOCore
import NIOHTTP1
import Testing

/// The real flock-backup as a process of its own, whose memory is looked at from outside.
@Suite("Memory of flock-backup", .serialized, .timeLimit(.minutes(15)))
struct BackupMemoryTests {
    private static let app = "/app-1.0.0"
    private static let head =
        "POST /count HTTP/1.1\r\nHost: a\r\nX-Flock-App: \(app)\r\nConnection: close\r\nContent-Length: "

    @Test("1,000 held POSTs of 1 MB: the bodies stay with their clients, and all arrive whole")
    func heldPosts() async throws {
        try await ProxyNodeApp.with { node in
            try await withBackup { marathon, address, binary, waiting in
                let port = try #require(node.address.port)
                marathon.set(Self.app) { $0.concurrency = 20 }
                let atStart = try Self.memory(binary, "VmRSS")
                var clients: [ProxyTestClient] = []
                for _ in 0..<1000 { clients.append(try await ProxyTestClient.connect(to: address)) }
                // The last one was accepted after the others.
                try await clients[999].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                try await eventually("all are connected", within: .seconds(120)) {
                    clients[999].text.contains("app_missing")
                }
                let connected = try Self.memory(binary, "VmRSS")
                let body = ProxyTests.body(1_000_000)
                for client in clients {
                    client.push(ByteBuffer(string: Self.head + "1000000\r\n\r\n"))
                    client.push(body)
                }
                try await eventually("all are held", within: .seconds(240)) { (try? await waiting()) == 1000 }
                let held = try Self.memory(binary, "VmRSS")
                print("FIGURE RSS: start \(atStart) kB, 1,000 idle connections \(connected) kB, held \(held) kB:")
                print("FIGURE \((held - connected) * 1024 / 1000) bytes a held request of 1 MB, beside its connection")

                marathon.run(Self.app, task: "t1", port: port)
                for client in clients {
                    try await eventually("an answer", within: .seconds(120)) { client.ended }
                    #expect(client.text.hasSuffix("bytes=1000000;"), "\(client.text)")
                    client.close()
                }
                print("FIGURE at most \(try Self.memory(binary, "VmHWM")) kB while they were let go")
            }
        }
    }

    @Test("a body of 100 MB passes through a fraction of its memory")
    func largeBody() async throws {
        try await ProxyNodeApp.with { node in
            try await withBackup { marathon, address, binary, _ in
                let port = try #require(node.address.port)
                marathon.onStart { id, marathon in marathon.run(id, task: "t1", port: port) }
                marathon.set(Self.app) { _ in }
                let before = try Self.memory(binary, "VmRSS")
                let client = try await ProxyTestClient.connect(to: address)
                client.push(ByteBuffer(string: Self.head + "100000000\r\n\r\n"))
                let block = ProxyTests.body(1_000_000)
                for _ in 0..<100 { client.push(block) }
                try await eventually("the answer", within: .seconds(120)) { client.ended }
                #expect(client.text.hasSuffix("bytes=100000000;"), "\(client.text)")
                client.close()
                let grown = try Self.memory(binary, "VmHWM") - before
                print("FIGURE a body of 100 MB: \(grown) kB more at most")
                #expect(grown < 50_000)
            }
        }
    }

    // MARK: -

    private func withBackup(
        _ body: (MisbehavingMarathon, SocketAddress, Binary, () async throws -> Int) async throws -> Void
    ) async throws {
        try await MisbehavingMarathon.with { marathon in
            // A thousand connections, at both ends.
            var files = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
            files.rlim_cur = files.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
            let folder = try TemporaryFolder()
            let port = try await freePorts(1)[0]
            try """
            state: \(folder.path)/state
            marathon: ["http://127.0.0.1:\(marathon.port)"]
            backup: {listen: "127.0.0.1:\(port)", hold: 10m}

            """.write(toFile: "\(folder.path)/flock.yaml", atomically: true, encoding: .utf8)
            let binary = try Binary.start(
                "flock-backup", ["--config", "\(folder.path)/flock.yaml"], log: "\(folder.path)/log")
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
            let client = PartClient(.backup, state: StateFolder("\(folder.path)/state"), http: http)
            struct Report: Decodable { var waiting: Int }
            do {
                try await eventually("it can do its job") {
                    (try? await client.open(.GET, "/health", timeout: .seconds(2)).collect(upTo: 1024)) != nil
                }
                try await body(marathon, SocketAddress(ipAddress: "127.0.0.1", port: port), binary) {
                    try await client.ask(.GET, "/v1/hold?app=\(Self.app)&holder=test", as: Report.self).waiting
                }
            } catch {
                print(binary.output)
                binary.signal(SIGTERM)
                try await binary.waitUntilExit()
                try await http.shutdown()
                throw error
            }
            binary.signal(SIGTERM)
            try await binary.waitUntilExit()
            try await http.shutdown()
        }
    }

    /// In kB, from the kernel.
    private static func memory(_ binary: Binary, _ key: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(binary.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
        return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }
}

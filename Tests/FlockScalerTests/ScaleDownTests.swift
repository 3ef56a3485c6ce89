import AsyncHTTPClient
import FlockCore
import FlockTesting
import Foundation
import Logging
import Marathon
import Synchronization
import Testing

@testable import FlockScaler

/// An app of three tasks before a Marathon, a flock-haproxy and a flock-backup that say what the test wants.
@Suite struct ScaleDownTests {
    /// What the parts say, and what they were asked.
    private final class World: Sendable {
        struct State: Sendable {
            var tasks = ["a.1", "a.2", "a.3"]
            var version = 1
            /// At HAProxy, and at flock-backup.
            var sessions: [String: Int] = [:]
            var carried: [String: Int] = [:]
            var waiting = 0
            /// `nil` while nobody drains.
            var drained: String?
            var forgets = false
            /// Marathon's answer to the kill.
            var kill: @Sendable (inout State) -> TinyServer.Answer = { state in
                state.tasks = Array(state.tasks.prefix(1))
                return .ok(#"{"version":"v","deploymentId":"d"}"#)
            }
            var asked: [String] = []
        }

        private let state: Mutex<State>

        init(_ change: (inout State) -> Void) {
            var state = State()
            change(&state)
            self.state = Mutex(state)
        }

        /// What changed something, in order, without what the queries say.
        var asked: [String] { state.withLock { $0.asked } }
        var drained: String? { state.withLock { $0.drained } }

        func answer(_ method: String, _ uri: String) -> TinyServer.Answer {
            state.withLock { state in
                let path = String(uri.prefix { $0 != "?" })
                if method != "GET" && method != "PATCH" { state.asked.append("\(method) \(path)") }
                switch (method, path) {
                case ("GET", "/v2/apps/a"):
                    let tasks = state.tasks.map {
                        #"{"id":"\#($0)","appId":"/a","host":"127.0.0.1","ports":[1],"state":"TASK_RUNNING","stagedAt":"\#($0)"}"#
                    }
                    return .ok(
                        """
                        {"app":{"id":"/a","instances":\(state.tasks.count),"version":"\(state.version)",\
                        "tasks":[\(tasks.joined(separator: ","))]}}
                        """)
                case ("POST", "/v2/tasks/delete"):
                    let kill = state.kill
                    return kill(&state)
                case ("PUT", "/v1/drain"):
                    state.drained = uri.split(separator: "&").first { $0.hasPrefix("tasks=") }.map(String.init) ?? "all"
                    return .status(204)
                case ("GET", "/v1/drain"):
                    let isDraining = state.drained != nil && !state.forgets
                    return Self.report(
                        ["isDraining": isDraining, "sessions": 0, "tasks": state.sessions] as [String: Any])
                case ("GET", "/v1/hold"):
                    return Self.report(
                        ["isHeld": false, "waiting": state.waiting, "inFlight": 0, "tasks": state.carried]
                            as [String: Any])
                default: return .status(204)
                }
            }
        }

        private static func report(_ report: [String: Any]) -> TinyServer.Answer {
            let data = try? JSONSerialization.data(withJSONObject: report)
            return .ok(String(decoding: data ?? Data(), as: UTF8.self))
        }
    }

    /// - Parameter patience: for Marathon.
    /// - Returns: what came of two instances fewer.
    private func run(
        _ world: World, isReachable: Bool = true, lingering: Set<String> = [], isWanted: Bool = true,
        patience: Duration = .seconds(30)
    ) async throws -> ScaleDown.Result {
        let folder = try TemporaryFolder()
        let token = "\(folder.path)/token"
        try String(repeating: "x", count: 40).write(toFile: token, atomically: true, encoding: .utf8)
        let server = try await TinyServer { world.answer($0, $1) }
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)"))
        let json = """
            {"token": {"file": "\(token)"}, "certificate": {"file": ""}, "authority": {"file": ""},
             "haproxy": {"listen": "", "nodes": ["local"]}, "backup": {"listen": "", "nodes": ["local"]}}
            """
        let settings = try JSONDecoder().decode(Settings.Parts.self, from: Data(json.utf8))
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        let state = StateFolder(folder.path)
        let haproxy = PartClient(
            .haproxy, at: isReachable ? .remote(url) : .local, settings: settings, state: state, http: http)
        let backup = PartClient(.backup, at: .remote(url), settings: settings, state: state, http: http)
        var down = ScaleDown(
            backups: [backup], haproxies: [haproxy],
            marathon: MarathonClient(servers: [url], http: http).answering(within: patience),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        down.limit = .milliseconds(100)
        let result = await down.run("/a", to: 1, lingering: lingering) { isWanted }
        try await http.shutdown()
        try await server.stop()
        return result
    }

    @Test func `those with the least under way are drained, ended, and let go, in this order`() async throws {
        let world = World {
            $0.sessions = ["a.1": 0, "a.2": 4, "a.3": 0]
            $0.kill = { state in
                state.tasks = ["a.2"]
                return .ok(#"{"version":"v","deploymentId":"d"}"#)
            }
        }
        #expect(try await run(world) == .init(outcome: .scaled(to: 1)))
        #expect(world.drained == "tasks=a.3,a.1")
        #expect(world.asked == ["PUT /v1/drain", "POST /v2/tasks/delete", "DELETE /v1/drain"])
    }

    @Test func `what flock-backup carries counts as well`() async throws {
        let world = World {
            $0.carried = ["a.3": 1]
            $0.kill = { state in
                state.tasks = ["a.3"]
                return .ok(#"{"version":"v","deploymentId":"d"}"#)
            }
        }
        #expect(try await run(world).outcome == .scaled(to: 1))
        #expect(world.drained == "tasks=a.2,a.1")
    }

    @Test func `those whose requests do not end stay, and the others go`() async throws {
        let world = World {
            $0.sessions = ["a.1": 5, "a.2": 1, "a.3": 0]
            $0.kill = { state in
                state.tasks = ["a.1", "a.2"]
                return .ok(#"{"version":"v","deploymentId":"d"}"#)
            }
        }
        #expect(try await run(world) == .init(outcome: .scaled(to: 2), lingering: ["a.2"]))
    }

    @Test func `where none ends it is called off, and others are tried the next time`() async throws {
        let world = World { $0.sessions = ["a.1": 1, "a.2": 1, "a.3": 1] }
        let result = try await run(world)
        #expect(result.lingering == ["a.2", "a.3"])
        guard case .calledOff = result.outcome else {
            Issue.record("\(result)")
            return
        }
        #expect(world.asked == ["PUT /v1/drain", "DELETE /v1/drain"])
        _ = try await run(world, lingering: ["a.3"])
        #expect(world.drained == "tasks=a.2,a.1")
    }

    @Test func `nothing is ended while a part does not answer, has forgotten, or keeps requests`() async throws {
        let unreachable = World { _ in }
        guard case .prevented(let why) = try await run(unreachable, isReachable: false).outcome else {
            Issue.record("an absent flock-haproxy prevents nothing")
            return
        }
        #expect(why.contains("flock-haproxy") && unreachable.asked.isEmpty)
        for world in [World { $0.forgets = true }, World { $0.waiting = 1 }] {
            guard case .calledOff = try await run(world).outcome else {
                Issue.record("it is not called off")
                return
            }
            #expect(world.asked == ["PUT /v1/drain", "DELETE /v1/drain"])
        }
    }

    @Test func `it is called off when more is wanted again`() async throws {
        let world = World { _ in }
        #expect(try await run(world, isWanted: false).outcome == .calledOff("more is wanted again"))
        #expect(!world.asked.contains("POST /v2/tasks/delete"))
    }

    @Test(.timeLimit(.minutes(3))) func `a kill that Marathon takes and does not answer is not asked for twice`()
        async throws
    {
        let world = World {
            $0.kill = { state in
                state.tasks = ["a.1"]
                return .silence
            }
        }
        #expect(try await run(world, patience: .seconds(8)).outcome == .scaled(to: 1))
        #expect(world.asked.count { $0 == "POST /v2/tasks/delete" } == 1)
    }
}

import AsyncHTTPClient
import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Two machines on one Marathon: each with a flock-haproxy, an HAProxy and a flock-backup of its own.
@Suite(.serialized)
struct NodesTests {
    @Test("100 first requests at once reach two flock-backups: one start, 100 answers; and one of them is killed")
    func firstRequests() async throws {
        try await SecondNode.run { site, node in
            try await node.start()
            let app = try await EchoServer(in: site.folder).deploy(["echo"], to: site)[0]

            try await site.sleep(app)
            let launches = site.launches
            try await all(100, to: app, of: site)
            #expect(site.launches - launches == 1)
            let counter = "flock_backup_requests_total"
            let (own, other) = (
                try await site.metric(counter, of: .backup), try await node.metric(counter, of: .backup)
            )
            print("of 100 first requests, \(own) waited on one flock-backup and \(other) on the other")
            #expect(own > 0 && other > 0)

            try await node.kill9("flock-backup")
            try await site.sleep(app)
            try await all(100, to: app, of: site)
            #expect(site.launches - launches == 2)
        }
    }

    @Test("both flock-backups hold what comes while the scaler kills the app: one start, every request is answered")
    func wakeWithinSleep() async throws {
        try await SecondNode.run(idleAfter: "500ms") { site, node in
            try await node.start()
            try await site.kill9("flock-scaler")
            let app = try await EchoServer(in: site.folder).deploy(["echo"], to: site)[0]
            try await site.start("flock-scaler", fault: "stop:scaler.killAsked")
            let scaler = try await site.process("flock-scaler")
            try await eventually("the scaler has asked for the kill") { scaler.isStopped }

            let launches = site.launches
            let counter = "flock_backup_requests_total"
            let (own, other) = (
                try await site.metric(counter, of: .backup), try await node.metric(counter, of: .backup)
            )
            async let answers: Void = all(40, to: app, of: site)
            async let others: Void = all(40, to: app, of: site, port: node.webPort)
            // Unless the leases have ended meanwhile, they hold them. None comes after the scaler has gone on.
            try await eventually("both have got requests, and all have come") {
                let first = try await site.metric(counter, of: .backup) - own
                let second = try await node.metric(counter, of: .backup) - other
                return first > 0 && second > 0 && first + second >= 80
            }
            scaler.signal(SIGCONT)
            _ = try await (answers, others)
            #expect(site.launches - launches == 1)
        }
    }

    @Test("two nodes reach the same routes from Marathon alone, also when one starts later, and after changes")
    func sameRoutes() async throws {
        try await SecondNode.run { site, node in
            let server = try await EchoServer(in: site.folder)
            let early = try await server.deploy(["one", "two"], to: site)
            try await node.start()
            try await haveSameMaps(site, node)
            let late = try await server.deploy(["three"], to: site)
            try await haveSameMaps(site, node)
            for app in early + late {
                // Files are written before HAProxy has taken them.
                let other = LoadGenerator(port: node.webPort)
                try await eventually("\(app.id) answers through the other") { await other.send(request("/", to: app)) }
                try await all(10, to: app, of: site)
                try await all(10, to: app, of: site, port: node.webPort)
                await other.close()
            }
            #expect(try await site.marathon.app("/two-1.0.0") != nil)
            _ = try await site.marathon.delete("/two-1.0.0")
            try await eventually("both forget it") {
                let maps = try maps(site, node).map { $0.hosts }
                return maps[0] == maps[1] && !maps[0].contains("two")
            }
            try await haveSameMaps(site, node)
        }
    }

    @Test("an app sleeps once both nodes have drained it; what comes through either is answered meanwhile and after")
    func sleepOnBoth() async throws {
        try await SecondNode.run(idleAfter: "500ms") { site, node in
            try await node.start()
            try await site.kill9("flock-scaler")
            let app = try await EchoServer(in: site.folder).deploy(["echo"], to: site)[0]
            // Else the request below may go through flock-backup, which holds it.
            try await node.isServedByTask("app_echo_1_0_0")
            try await site.start("flock-scaler", fault: "stop:scaler.held")
            let scaler = try await site.process("flock-scaler")
            try await eventually("the scaler has taken its holds") { scaler.isStopped }
            // One that only the other node's HAProxy knows of, and nobody's statistics when the sleep was decided.
            let other = LoadGenerator(port: node.webPort)
            let launches = site.launches
            let task = try #require(try await site.marathon.tasks(of: app.id).first)
            async let long = other.send(request("/long?until=go", to: app))
            try await eventually("it is under way") { try await sessions(app, node.state, site.http) == 1 }
            scaler.signal(SIGCONT)
            // A drain waits for it as long.
            try? await eventually("it is drained", within: .seconds(5)) { try await !node.serves("app_echo_1_0_0") }
            _ = FileManager.default.createFile(atPath: "\(site.state)/engine/tasks/\(task.id)/go", contents: nil)
            #expect(await long)
            try await eventually("it sleeps") {
                // At its next try, should this one be called off.
                if scaler.isStopped { scaler.signal(SIGCONT) }
                return try await site.marathon.tasks(of: app.id).isEmpty
            }
            #expect(site.launches == launches)

            try await site.kill9("flock-scaler")
            try await site.start("flock-scaler")
            let own = LoadGenerator(port: site.webPort)
            // Visitors who come a little later each time, and so at any moment of a sleep.
            for number in 0..<12 {
                async let first = own.send(request("/\(number)", to: app))
                async let second = other.send(request("/\(number)", to: app))
                #expect(await [first, second] == [true, true])
                try await Task.sleep(for: .milliseconds(450 + number * 40))
            }
            let failures = (await own.findings().failures) + (await other.findings().failures)
            #expect(failures.isEmpty, "\(failures)")
            var sleeps = 0
            try await eventually("it sleeps again") {
                sleeps = try await site.metric("flock_scaler_sleeps_total", of: .scaler)
                return sleeps > 0
            }
            let disturbed = try await site.metric("flock_scaler_disturbed_total", of: .scaler)
            print(
                "24 requests around sleeps on two nodes: asleep \(sleeps) times, called off \(disturbed) times, 0 failed"
            )
            await own.close()
            await other.close()
        }
    }

    @Test("one node's flock-haproxy is dead: the app stays awake and serves through both; with it, it sleeps")
    func deadNode() async throws {
        try await SecondNode.run(idleAfter: "500ms") { site, node in
            try await node.start()
            // Or it might sleep before that node is dead.
            try await site.kill9("flock-scaler")
            let app = try await EchoServer(in: site.folder).deploy(["echo"], to: site)[0]
            try await eventually("the other HAProxy knows the app") {
                node.log("flock-haproxy").contains("HAProxy reloaded")
            }
            try await node.kill9("flock-haproxy")
            try await site.start("flock-scaler")
            try await eventually("a sleep was called off") {
                site.log("flock-scaler").contains("flock-haproxy: does not answer at http://127.0.0.1")
            }
            #expect(try await site.marathon.app(app.id)?.instances == 1)
            try await all(10, to: app, of: site)
            try await all(10, to: app, of: site, port: node.webPort)
            let launches = site.launches
            try await node.start(["flock-haproxy"])
            try await eventually("it sleeps") { try await site.marathon.tasks(of: app.id).isEmpty }
            try await all(1, to: app, of: site, port: node.webPort)
            #expect(site.launches - launches == 1)
        }
    }

    // MARK: Details

    /// Requests that an HAProxy carries to the app's tasks.
    private func sessions(_ app: EchoServer.Deployed, _ state: String, _ http: HTTPClient) async throws -> Int {
        struct Report: Decodable { var sessions: Int }
        let haproxy = PartClient(.haproxy, state: StateFolder(state), http: http)
        return try await haproxy.ask(.GET, "/v1/drain?app=\(app.id)&holder=test", as: Report.self).sessions
    }

    private func request(_ path: String, to app: EchoServer.Deployed) -> LoadRequest {
        LoadRequest(host: app.host, path: path, connection: .new, apps: [app.id])
    }

    /// So many requests at once, each of which has to be answered right.
    private func all(_ count: Int, to app: EchoServer.Deployed, of site: Site, port: Int? = nil) async throws {
        let load = LoadGenerator(port: port ?? site.webPort)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask { await load.send(request("/\(number)", to: app)) }
            }
        }
        let failures = await load.findings().failures
        #expect(failures.isEmpty, "\(failures)")
        await load.close()
    }

    private func maps(_ site: Site, _ node: SecondNode) throws -> [(hosts: String, apps: String)] {
        try [site.state, node.state].map {
            (
                try String(contentsOfFile: "\($0)/haproxy/hosts.map", encoding: .utf8),
                try String(contentsOfFile: "\($0)/haproxy/apps.map", encoding: .utf8)
            )
        }
    }

    private func haveSameMaps(_ site: Site, _ node: SecondNode) async throws {
        try await eventually("both nodes have the same maps") {
            let maps = try maps(site, node)
            return maps[0] == maps[1] && !maps[0].apps.isEmpty
        }
    }
}

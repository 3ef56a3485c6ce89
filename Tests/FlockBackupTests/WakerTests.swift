import FlockTesting
import Foundation
import NIOCore
import Testing

@testable import FlockBackup

/// The waker behind the real proxy, before a Marathon that misbehaves where it has to, and real Node apps.
@Suite("Waker", .timeLimit(.minutes(5)))
struct WakerTests {
    static let app = "/app-1.0.0"
    static let put = "/v2/apps/app-1.0.0"

    /// A site with a Node app that is asleep and comes up when it is started.
    private func withSleepingApp(
        hold: String = "10m", maxHeldPerApp: Int = 1000, maxHeld: Int = 10_000, concurrency: Int = 10,
        _ body: (WakerSite, ProxyNodeApp) async throws -> Void
    ) async throws {
        try await ProxyNodeApp.with { node in
            try await WakerSite.run(hold: hold, maxHeldPerApp: maxHeldPerApp, maxHeld: maxHeld) { site in
                let port = try #require(node.address.port)
                site.marathon.set(Self.app) { $0.concurrency = concurrency }
                site.marathon.onStart { id, marathon in marathon.run(id, task: "t1", port: port) }
                try await body(site, node)
            }
        }
    }

    private func most(_ node: ProxyNodeApp) async throws -> (most: Int, order: [String]) {
        let client = try await ProxyTestClient.connect(to: node.address)
        try await client.send("GET /most HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        try await eventually("the count") { client.ended }
        client.close()
        struct Count: Decodable {
            var most: Int
            var order: [String]
        }
        let json = WakerSite.Answer(client.text).body.dropLast()
        let count = try JSONDecoder().decode(Count.self, from: Data(json.utf8))
        return (count.most, count.order)
    }

    // MARK: Paced release

    @Test("60 held requests reach a fresh task no more than its concurrency at once, and all are answered")
    func pace() async throws {
        try await withSleepingApp(concurrency: 4) { site, node in
            let port = try #require(node.address.port)
            site.marathon.onStart { _, _ in }
            var clients: [ProxyTestClient] = []
            for number in 0..<60 {
                clients.append(try await site.send("/work?\(number)", headers: ["Connection: close"]))
            }
            try await eventually("all are held") { await site.waiting() == 60 }
            site.marathon.run(Self.app, task: "t1", port: port)
            for client in clients {
                try await eventually("an answer") { client.ended }
                #expect(client.text.hasPrefix("HTTP/1.1 200 OK"))
                client.close()
            }
            let seen = try await most(node)
            #expect(seen.most <= 4)
            #expect(Set(seen.order).count == 60)
            #expect(site.marathon.count("PUT", Self.put) == 1)
        }
    }

    @Test("they go in the order they came, those that come while some wait behind them")
    func order() async throws {
        try await withSleepingApp(concurrency: 1) { site, node in
            let port = try #require(node.address.port)
            site.marathon.onStart { _, _ in }
            var clients: [ProxyTestClient] = []
            for number in 0..<20 {
                clients.append(try await site.send("/work?\(number)", headers: ["Connection: close"]))
                try await eventually("it is held") { await site.waiting() == number + 1 }
            }
            // One of them leaves; those behind it move up.
            clients[3].close()
            try await eventually("it left") { await site.waiting() == 19 }
            site.marathon.run(Self.app, task: "t1", port: port)
            try await eventually("the first is answered") { clients[0].ended }
            for number in 20..<25 {
                let before = await site.waker.requests
                clients.append(try await site.send("/work?\(number)", headers: ["Connection: close"]))
                try await eventually("it is known") { await site.waker.requests > before }
            }
            for (number, client) in clients.enumerated() where number != 3 {
                try await eventually("answer \(number)") { client.ended }
                client.close()
            }
            #expect(try await most(node).order == (0..<25).filter { $0 != 3 }.map(String.init))
        }
    }

    @Test("all tasks that answer get a share, one that does not answer gets none")
    func allTasks() async throws {
        try await ProxyNodeApp.with { second in
            try await withSleepingApp(concurrency: 2) { site, first in
                let ports = (try #require(first.address.port), try #require(second.address.port))
                let dead = try await freePorts(1)[0]
                site.marathon.onStart { _, _ in }
                var (silent, clients): ([ProxyTestClient], [ProxyTestClient]) = ([], [])
                for number in 0..<4 {
                    silent.append(try await site.send("/sink"))
                    try await eventually("it is held") { await site.waiting() == number + 1 }
                }
                for number in 0..<40 {
                    clients.append(try await site.send("/work?\(number)", headers: ["Connection: close"]))
                }
                try await eventually("all are held") { await site.waiting() == 44 }
                site.marathon.set(Self.app) { $0.tasks = ["dead": dead, "t1": ports.0] }
                site.marathon.run(Self.app, task: "t2", port: ports.1)
                try await eventually("both are full") {
                    await site.waker.holdReport(Self.app, for: .example).tasks == ["t1": 2, "t2": 2]
                }
                for client in silent { client.close() }
                for client in clients {
                    try await eventually("an answer") { client.ended }
                    #expect(client.text.hasPrefix("HTTP/1.1 200 OK"))
                    client.close()
                }
                let seen = (try await most(first), try await most(second))
                #expect(seen.0.most <= 2 && seen.1.most <= 2)
                #expect(seen.0.order.count + seen.1.order.count == 40)
            }
        }
    }

    @Test("a websocket, server-sent events and a request without an answer do not keep those behind them")
    func longLived() async throws {
        try await withSleepingApp(concurrency: 1) { site, _ in
            let socket = try await site.send("/", headers: ["Connection: Upgrade", "Upgrade: echo"])
            try await eventually("the tunnel") { socket.text.contains("welcome;") }
            #expect(try await site.ask().status == 200)
            let events = try await site.send("/events")
            try await eventually("the first event") { events.text.contains("data: one") }
            #expect(try await site.ask().status == 200)
            let silent = try await site.send("/sink", method: "POST", body: "x")
            #expect(try await site.ask().status == 200)
            try await eventually("the three go on") {
                await site.waker.holdReport(Self.app, for: .example).inFlight == 3
            }
            for client in [socket, events, silent] { client.close() }
            try await eventually("all have ended") {
                await site.waker.holdReport(Self.app, for: .example).inFlight == 0
            }
        }
    }

    @Test("pipelined requests do not wait for the places of one another")
    func pipelined() async throws {
        try await withSleepingApp(concurrency: 1) { site, _ in
            let one = "GET /hello HTTP/1.1\r\nHost: a\r\nX-Flock-App: \(Self.app)\r\n\r\n"
            let client = try await ProxyTestClient.connect(to: site.address)
            let began = ContinuousClock.now
            try await client.send(String(repeating: one, count: 20))
            try await eventually("20 answers") { client.text.components(separatedBy: "hello\n").count == 21 }
            print("FIGURE 20 pipelined requests, concurrency 1: \(ContinuousClock.now - began)")
            client.close()
        }
    }

    @Test("a request for a task that is gone waits for the next one, on a machine that is known by its name too")
    func deadTask() async throws {
        try await ProxyNodeApp.with { next in
            try await withSleepingApp { site, _ in
                let port = try #require(next.address.port)
                site.marathon.set(Self.app) { $0.host = "localhost" }
                try await ProxyNodeApp.with { node in
                    let port = try #require(node.address.port)
                    site.marathon.onStart { id, marathon in marathon.run(id, task: "t1", port: port) }
                    #expect(try await site.ask().status == 200)
                }
                // Marathon has not noticed.
                let client = try await site.send(headers: ["Connection: close"])
                try await eventually("it waits", or: client.text) { await site.waiting() == 1 }
                site.marathon.fail(Self.app, task: "t1", "Command exited with status 1")
                site.marathon.run(Self.app, task: "t2", port: port)
                try await eventually("the answer") { client.ended }
                #expect(client.text.hasPrefix("HTTP/1.1 200 OK"), "\(client.text)")
                client.close()
            }
        }
    }

    @Test("an app on a machine that is known by its name gets its tunnels")
    func tunnelByName() async throws {
        try await withSleepingApp { site, _ in
            site.marathon.set(Self.app) { $0.host = "localhost" }
            let socket = try await site.send("/", headers: ["Connection: Upgrade", "Upgrade: echo"])
            try await eventually("the tunnel") { socket.text.contains("welcome;") }
            try await socket.send("through")
            try await eventually("the echo") { socket.text.hasSuffix("through") }
            socket.close()
        }
    }

    // MARK: Limits

    @Test("one more than may wait for an app, or for all, is refused at once, and who leaves makes room")
    func limits() async throws {
        try await WakerSite.run(maxHeldPerApp: 3, maxHeld: 5) { site in
            for id in ["/app-1.0.0", "/b-1.0.0", "/c-1.0.0"] { site.marathon.set(id) { _ in } }
            var clients: [ProxyTestClient] = []
            for _ in 0..<3 { clients.append(try await site.send()) }
            try await eventually("three wait") { await site.waiting() == 3 }
            let full = try await site.ask()
            #expect(full.status == 503 && full.header("X-Flock-Code") == "held_full_app")
            #expect(full.header("Retry-After") != nil)
            for _ in 0..<2 { clients.append(try await site.send(app: "/b-1.0.0")) }
            try await eventually("two wait") { await site.waiting("/b-1.0.0") == 2 }
            let fullForAll = try await site.ask(app: "/c-1.0.0")
            #expect(fullForAll.status == 503 && fullForAll.header("X-Flock-Code") == "held_full")

            clients[0].close()
            try await eventually("one left") { await site.waiting() == 2 }
            clients.append(try await site.send())
            try await eventually("another one waits") { await site.waiting() == 3 }
            for client in clients { client.close() }
        }
    }

    @Test("the deadline: 503 with Retry-After and a code, and what the app lacks")
    func deadline() async throws {
        try await WakerSite.run(hold: "10s") { site in
            site.marathon.set(Self.app) { $0.staged = ["t1"] }
            let answer = try await site.ask()
            #expect(answer.status == 503 && answer.header("Retry-After") == "5")
            #expect(["wake_timeout", "app_failing"].contains(answer.header("X-Flock-Code")))
            #expect(answer.header("X-Flock-Reason") == "launching")
        }
    }

    @Test("when every client has left, the wake goes on")
    func wakeGoesOn() async throws {
        try await withSleepingApp { site, node in
            let port = try #require(node.address.port)
            site.marathon.onStart { _, _ in }
            let client = try await site.send()
            try await eventually("it waits") { await site.waiting() == 1 }
            client.close()
            try await eventually("it left") { await site.waiting() == 0 }
            try await eventually("the app is started") { site.marathon.count("PUT", Self.put) == 1 }
            let probes = site.marathon.count("GET", Self.put)
            try await eventually("it is looked after") { site.marathon.count("GET", Self.put) > probes + 2 }
            site.marathon.run(Self.app, task: "t1", port: port)
            try await eventually("it is over") { await site.waker.entries[Self.app]?.attempt == nil }
            let (starts, failures) = await (site.waker.starts, site.waker.failures)
            #expect(starts == 1 && failures == 0)
        }
    }

    // MARK: Failed starts

    @Test("a crash is told with its status; until the back-off is over nobody waits and nothing is started")
    func crash() async throws {
        try await WakerSite.run { site in
            site.marathon.set(Self.app) { _ in }
            site.marathon.onStart { id, marathon in
                marathon.run(id, task: "t1", port: 1)
                marathon.fail(id, task: "t1", "Command exited with status 3")
            }
            let first = try await site.ask()
            #expect(first.status == 503)
            #expect(first.header("X-Flock-Code") == "app_failing" && first.header("X-Flock-Reason") == "exited_3")
            #expect(first.header("Retry-After") == "5")

            let before = site.marathon.calls.count
            for _ in 0..<5 {
                let again = try await site.ask()
                let calls = site.marathon.calls.dropFirst(before)
                guard await site.isLeftAlone() else { break }
                #expect(again.status == 503 && again.header("X-Flock-Reason") == "exited_3")
                #expect(again.header("Retry-After").flatMap { Int($0) }.map { (1...5).contains($0) } == true)
                #expect(calls.allSatisfy { $0.method == "GET" })
            }
            #expect(site.marathon.count("PUT", Self.put) == 1)
        }
    }

    @Test("another version of the app is tried at once, and serves")
    func otherVersion() async throws {
        try await withSleepingApp { site, node in
            let port = try #require(node.address.port)
            site.marathon.onStart { id, marathon in
                marathon.fail(id, task: "t1", "Memory limit exceeded: 32 MB")
            }
            #expect(try await site.ask().header("X-Flock-Reason") == "oom")
            site.marathon.onStart { id, marathon in marathon.run(id, task: "t2", port: port) }
            site.marathon.set(Self.app) {
                $0.instances = 0
                $0.version = "2026-02-02T00:00:00.000Z"
            }
            let looks = site.marathon.count("GET", Self.put)
            site.marathon.send(#"{"eventType": "api_post_event", "appDefinition": {"id": "/app-1.0.0"}}"#)
            try await eventually("it is looked at, unless the back-off is over before") {
                if site.marathon.count("GET", Self.put) > looks, await site.waker.entries[Self.app]?.attempt == nil {
                    return true
                }
                return await !site.isLeftAlone()
            }
            #expect(await !site.isLeftAlone())
            let answer = try await site.ask()
            #expect(answer.status == 200 && answer.body == "hello\n")
        }
    }

    @Test("an app that comes up by itself during its back-off is served")
    func recovers() async throws {
        try await withSleepingApp { site, node in
            let port = try #require(node.address.port)
            site.marathon.onStart { id, marathon in marathon.fail(id, task: "t1", "Command exited with status 1") }
            #expect(try await site.ask().header("X-Flock-Reason") == "exited_1")
            site.marathon.run(Self.app, task: "t2", port: port)
            try await eventually("it is served") { try await site.ask().status == 200 }
            #expect(site.marathon.count("PUT", Self.put) == 1)
        }
    }

    @Test("what is missing is told: a check that is not answered, no room, a fetch that takes long")
    func reasons() async throws {
        try await ProxyNodeApp.with { node in
            let port = try #require(node.address.port)
            try await WakerSite.run { site in
                for id in ["/check-1.0.0", "/room-1.0.0", "/fetch-1.0.0", "/queue-1.0.0"] {
                    site.marathon.set(id) { _ in }
                }
                site.marathon.set("/check-1.0.0") { $0.checkPath = "/missing" }
                site.marathon.onStart { id, marathon in
                    if id == "/check-1.0.0" { marathon.run(id, task: "t1", port: port) }
                    if id == "/fetch-1.0.0" { marathon.set(id) { $0.staged = ["t1"] } }
                }
                site.marathon.set(
                    queue: #"""
                        {"queue": [{"app": {"id": "/room-1.0.0"}, "delay": {"timeLeftSeconds": 0, "overdue": true},
                          "processedOffersSummary": {"rejectSummaryLastOffers":
                            [{"reason": "InsufficientMemory", "declined": 1, "processed": 1}]}}]}
                        """#)
                let reasons = [
                    "/check-1.0.0": "check_failed", "/room-1.0.0": "no_resources", "/fetch-1.0.0": "launching",
                    "/queue-1.0.0": "not_launched",
                ]
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (id, reason) in reasons {
                        group.addTask {
                            _ = try await site.ask(app: id)
                            try await eventually("\(id) is left alone") {
                                await site.waker.entries[id]?.backOff.reason != nil
                            }
                            let found = await site.waker.entries[id]?.backOff.reason?.code
                            #expect(found == reason, "\(id)")
                            let answer = try await site.ask(app: id)
                            guard await site.isLeftAlone(id) else { return }
                            #expect(answer.header("X-Flock-Code") == "app_failing")
                            #expect(answer.header("X-Flock-Reason") == reason)
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    // MARK: Marathon

    @Test(
        "a Marathon that is down is asked by one at a time, and what waits is served when it is back",
        arguments: [MisbehavingMarathon.Behaviour.hangsUp, .fails])
    func outage(_ behaviour: MisbehavingMarathon.Behaviour) async throws {
        try await withSleepingApp { site, node in
            let port = try #require(node.address.port)
            for number in 0..<20 { site.marathon.set("/app-1.0.\(number)") { _ in } }
            site.marathon.onStart { id, marathon in marathon.run(id, task: "t\(id)", port: port) }
            site.marathon.behave(behaviour)
            var clients: [ProxyTestClient] = []
            for number in 0..<20 {
                clients.append(try await site.send(app: "/app-1.0.\(number)", headers: ["Connection: close"]))
            }
            try await eventually("all wait") {
                var waiting = 0
                for number in 0..<20 { waiting += await site.waiting("/app-1.0.\(number)") }
                return waiting == 20
            }
            func asked() -> Int { site.marathon.calls.count { $0.path.hasPrefix("/v2/apps") } }
            try await eventually("the pause has grown") { await site.waker.outage.pause >= .milliseconds(400) }
            // Those on their way when it began, and 50, 100, 200, 400 ms: not 20 every 50 ms.
            #expect(asked() < 20 + 10, "\(asked())")
            site.marathon.behave(.answers)
            for client in clients {
                try await eventually("an answer") { client.ended }
                #expect(client.text.hasPrefix("HTTP/1.1 200 OK"), "\(client.text)")
                client.close()
            }
        }
    }

    @Test("those that wait for their turn go on while Marathon is down")
    func queueInOutage() async throws {
        try await withSleepingApp(hold: "10m", concurrency: 1) { site, node in
            let port = try #require(node.address.port)
            site.marathon.onStart { _, _ in }
            // Three seconds of work and more, which is longer than endpoints are believed without Marathon.
            var clients: [ProxyTestClient] = []
            for number in 0..<15 {
                clients.append(try await site.send("/slow?\(number)", headers: ["Connection: close"]))
            }
            try await eventually("all are held") { await site.waiting() == 15 }
            site.marathon.run(Self.app, task: "t1", port: port)
            try await eventually("the first is answered") { clients[0].ended }
            site.marathon.behave(.hangsUp)
            for client in clients {
                try await eventually("an answer", within: .seconds(120)) { client.ended }
                #expect(client.text.hasPrefix("HTTP/1.1 200 OK"))
                client.close()
            }
            #expect(try await most(node).most == 1)
        }
    }

    @Test("a Marathon that takes the question and says nothing: 503 at the deadline, with its own code")
    func silence() async throws {
        try await WakerSite.run(hold: "12s") { site in
            site.marathon.set(Self.app) { _ in }
            site.marathon.behave(.isSilent)
            let answer = try await site.ask()
            #expect(answer.status == 503 && answer.header("X-Flock-Code") == "marathon_unreachable")
            #expect(answer.header("Retry-After") != nil)
        }
    }

    @Test("an answer that makes no sense is the trouble of its app alone")
    func oddAnswer() async throws {
        try await withSleepingApp(hold: "10s") { site, _ in
            site.marathon.set("/odd-1.0.0") { $0.isOdd = true }
            let client = try await site.send(app: "/odd-1.0.0", headers: ["Connection: close"])
            try await eventually("Marathon was asked again and again") {
                site.marathon.count("GET", "/v2/apps/odd-1.0.0") > 2
            }
            #expect(await site.waker.outage.since == nil)
            #expect(try await site.ask().status == 200)
            try await eventually("it is refused") { client.ended }
            client.close()
            let answer = WakerSite.Answer(client.text)
            #expect(answer.status == 503 && answer.header("X-Flock-Reason") == "marathon_refused")
            // Nor is a look that wakes nothing an outage.
            _ = try await site.ask(app: "/odd-1.0.0", headers: ["X-Flock-Ignored: 1"])
            #expect(await site.waker.outage.since == nil)
        }
    }

    // MARK: Headers

    @Test("the answer that had to wait for the wake says how long; the next one does not; an app can't say it")
    func woke() async throws {
        try await withSleepingApp { site, _ in
            let first = try await site.ask("/flock")
            #expect(first.header("X-Flock-Woke").flatMap { Int($0) } != nil, "\(first.head)")
            #expect(first.header("X-Flock-Woke") != "987654321")
            let second = try await site.ask("/flock")
            for answer in [first, second] {
                #expect(answer.header("X-Other") == "kept" && answer.header("X-Flock-Code") == nil)
                #expect(!answer.body.contains("forged"))
            }
            #expect(second.header("X-Flock-Woke") == nil)
            #expect(try await site.ask("/hello", app: "/none-1.0.0").header("X-Flock-Code") == "app_unknown")
        }
    }

    @Test("a held POST is told to continue only when its app is up")
    func expectContinue() async throws {
        try await withSleepingApp { site, node in
            let port = try #require(node.address.port)
            site.marathon.onStart { _, _ in }
            let client = try await site.send(
                "/echo", method: "POST", headers: ["Expect: 100-continue", "Content-Length: 4", "X-Length: 4"])
            try await eventually("it waits") { await site.waiting() == 1 }
            try await eventually("it is started") { site.marathon.count("PUT", Self.put) == 1 }
            #expect(client.text.isEmpty)
            site.marathon.run(Self.app, task: "t1", port: port)
            try await eventually("100") { client.text == "HTTP/1.1 100 Continue\r\n\r\n" }
            try await client.send("body")
            try await eventually("200") { client.text.hasSuffix("\r\n\r\nbody") }
            client.close()
        }
    }

    // MARK: Ignored requests

    @Test("a probe of a sleeping app is answered at once and starts nothing; one of an app that is up reaches it")
    func ignored() async throws {
        try await withSleepingApp { site, node in
            let port = try #require(node.address.port)
            for _ in 0..<20 {
                let answer = try await site.ask(headers: ["X-Flock-Ignored: 1"])
                #expect(answer.status == 200 && answer.body == "asleep\n")
                #expect(answer.header("X-Flock-State") == "asleep")
            }
            #expect(site.marathon.count("PUT", Self.put) == 0)
            print("FIGURE looks for 20 ignored requests: \(site.marathon.count("GET", Self.put))")
            #expect(site.marathon.count("GET", Self.put) < 20)

            // Nor while a wake is under way.
            site.marathon.onStart { _, _ in }
            let client = try await site.send(headers: ["Connection: close"])
            try await eventually("it is started") { site.marathon.count("PUT", Self.put) == 1 }
            #expect(try await site.ask(headers: ["X-Flock-Ignored: 1"]).body == "asleep\n")
            #expect(await site.waiting() == 1)

            site.marathon.run(Self.app, task: "t1", port: port)
            try await eventually("the visitor is answered") { client.ended }
            client.close()
            #expect(try await site.ask(headers: ["X-Flock-Ignored: 1"]).body == "hello\n")
        }
    }

    @Test("an app that is up and not known yet is found for a probe, without starting anything")
    func ignoredFinds() async throws {
        try await withSleepingApp { site, node in
            let port = try #require(node.address.port)
            site.marathon.set(Self.app) { $0.instances = 1 }
            site.marathon.run(Self.app, task: "t1", port: port)
            #expect(try await site.ask(headers: ["X-Flock-Ignored: 1"]).body == "hello\n")
            #expect(!site.marathon.calls.contains { $0.method != "GET" })
        }
    }
}

import FlockTesting
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import FlockBackup

@Suite("WaitingPage", .timeLimit(.minutes(5)))
struct WaitingPageTests {
    static let browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    static let state = "/.well-known/flock/state"

    @Test(
        "who gets the page",
        arguments: [
            ("GET", ["text/html"], nil, true),
            ("GET", ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], "navigate", true),
            ("GET", ["application/xml;q=0.9, TEXT/HTML ; q=1.0"], nil, true),
            ("GET", ["application/json;q=0.5", "text/html;q=0.6"], nil, true),
            ("GET", ["text/html"], "cors", false),
            ("GET", ["text/html"], "no-cors", false),
            ("POST", ["text/html"], "navigate", false),
            ("HEAD", ["text/html"], nil, false),
            ("GET", ["*/*"], nil, false),
            ("GET", [], nil, false),
            ("GET", ["application/json, text/html"], nil, false),
            ("GET", ["text/html;q=0.1, application/json"], nil, false),
            ("GET", ["text/html;q=0"], nil, false),
            ("GET", ["text/html;q=nonsense"], nil, false),
            ("GET", ["image/avif,image/webp,*/*;q=0.8"], "navigate", false),
        ] as [(String, [String], String?, Bool)])
    func suits(_ method: String, _ accept: [String], _ mode: String?, _ expected: Bool) {
        var head = HTTPRequestHead(version: .http1_1, method: .init(rawValue: method), uri: "/")
        for value in accept { head.headers.add(name: "Accept", value: value) }
        if let mode { head.headers.add(name: "Sec-Fetch-Mode", value: mode) }
        #expect(WaitingPage.suits(head) == expected)
    }

    @Test("a browser sees how far its app is, asking starts nothing more, and the app itself when it is up")
    func page() async throws {
        try await ProxyNodeApp.with { node in
            try await WakerSite.run(hold: "120s", page: "5s") { site in
                let port = try #require(node.address.port)
                site.marathon.set(WakerTests.app) { $0.checkPath = "/hello" }
                #expect(try await site.ask(Self.state).header("X-Flock-State") == "asleep")
                #expect(site.marathon.count("PUT", WakerTests.put) == 0)

                let page = try await site.ask("/some/page?q=1", headers: [Self.browser])
                #expect(page.status == 503 && page.header("Content-Type") == "text/html; charset=utf-8")
                #expect(page.header("X-Flock-State") == "starting" && page.header("X-Robots-Tag") == "noindex")
                #expect(page.body.contains(#"<li aria-current="step">Starting</li>"#))
                #expect(page.body.contains("<h1>app is waking up</h1>"), "by the name of its owner")
                #expect(page.body.contains(#"<noscript><meta http-equiv="refresh" content="2"></noscript>"#))

                try await eventually("it is started") { site.marathon.count("PUT", WakerTests.put) == 1 }
                let requests = await site.waker.requests
                for _ in 0..<10 {
                    let state = try await site.ask(Self.state + "?x")
                    #expect(state.status == 200 && state.header("X-Flock-State") == "starting")
                    #expect(state.header("Cache-Control") == "no-store")
                }
                #expect(await site.waker.requests == requests && site.marathon.count("PUT", WakerTests.put) == 1)

                // It runs, and its check is not answered: nobody listens there.
                let dead = try await freePorts(1)[0]
                site.marathon.run(WakerTests.app, task: "t1", port: dead)
                try await eventually("it is being checked") {
                    try await site.ask(Self.state).header("X-Flock-State") == "checking"
                }
                let checking = try await site.ask(headers: [Self.browser])
                #expect(checking.body.contains(#"<li class="done">Starting</li>"#))

                site.marathon.run(WakerTests.app, task: "t1", port: port)
                try await eventually("it is up") {
                    try await site.ask(Self.state).body == #"{"state":"ready"}"#
                }
                let app = try await site.ask(headers: [Self.browser])
                #expect(app.status == 200 && app.body == "hello\n")
                #expect(site.marathon.count("PUT", WakerTests.put) == 1)
            }
        }
    }

    @Test("programs, forms and what a page loads wait for the app, and never get the page")
    func others() async throws {
        try await WakerSite.run(hold: "500ms", page: "50ms") { site in
            site.marathon.set(WakerTests.app) { _ in }
            for (method, headers) in [
                ("GET", ["Accept: */*"]), ("GET", [Self.browser, "Sec-Fetch-Mode: cors"]),
                ("POST", [Self.browser, "Content-Length: 0"]),
            ] {
                let answer = try await site.ask(method: method, headers: headers)
                #expect(answer.status == 503 && answer.header("Content-Type") == "text/plain; charset=utf-8")
            }
        }
    }

    @Test("an app that fails: the page says so with the code, and when it is tried again")
    func failing() async throws {
        try await WakerSite.run(page: "20s") { site in
            site.marathon.set(WakerTests.app) { _ in }
            site.marathon.onStart { id, marathon in
                marathon.fail(id, task: "t1", "Command exited with status 7 <script>alert(1)</script>")
            }
            let page = try await site.ask(headers: [Self.browser])
            #expect(page.status == 503 && page.header("X-Flock-State") == "failing")
            #expect(page.body.contains("<code>exited_7</code>") && page.body.contains("did not start</h1>"))
            #expect(!page.body.contains("alert"))
            #expect(page.header("Retry-After").flatMap { Int($0) }.map { (1...5).contains($0) } == true)
            let state = try await site.ask(Self.state)
            guard await site.isLeftAlone() else { return }
            #expect(state.body.contains(#""reason":"exited_7","retryAfter":"#) && state.body.contains(#""failing""#))
        }
    }

    @Test("a browser whose app is up and busy keeps its turn, longer than the page would take")
    func turn() async throws {
        try await ProxyNodeApp.with { node in
            try await WakerSite.run(hold: "60s", page: "5s") { site in
                let port = try #require(node.address.port)
                site.marathon.set(WakerTests.app) { $0.concurrency = 1 }
                site.marathon.onStart { id, marathon in marathon.run(id, task: "t1", port: port) }
                let silent = try await site.send("/sink")
                try await eventually("it takes the only place") {
                    await site.waker.holdReport(WakerTests.app, for: .example).inFlight == 1
                }
                // For ten seconds.
                let answer = try await site.ask(headers: [Self.browser])
                #expect(answer.status == 200 && answer.body == "hello\n")
                silent.close()
            }
        }
    }

    @Test("the policy allows what the page brings with it, by a number that no other answer has")
    func policy() async throws {
        try await WakerSite.run(hold: "120s", page: "50ms") { site in
            site.marathon.set(WakerTests.app) { _ in }
            let pages = [
                try await site.ask(headers: [Self.browser]), try await site.ask(headers: [Self.browser]),
            ]
            let nonces = pages.map { page in
                page.header("Content-Security-Policy")?.components(separatedBy: "'nonce-").dropFirst().first?
                    .prefix { $0 != "'" }
            }
            #expect(nonces[0] != nonces[1])
            for (page, nonce) in zip(pages, nonces) {
                let nonce = try #require(nonce)
                #expect(nonce.count == 32)
                #expect(page.body.components(separatedBy: #"nonce="\#(nonce)""#).count == 3, "style and script")
                #expect(!page.body.contains("style=") && !page.body.contains("http://") && !page.body.contains("//cdn"))
                #expect(page.header("Content-Security-Policy")?.hasPrefix("default-src 'none'; ") == true)
            }
        }
    }

    @Test("own templates: an app's, one for all; read when they change; a broken one gives way")
    func templates() async throws {
        let folder = try TemporaryFolder()
        try await WakerSite.run(hold: "120s", page: "50ms", pages: folder.path) { site in
            site.marathon.set(WakerTests.app) { _ in }
            func page() async throws -> String { try await site.ask(headers: [Self.browser]).body }
            func write(_ name: String, _ text: String) throws {
                try text.write(toFile: "\(folder.path)/\(name).html.mustache", atomically: true, encoding: .utf8)
            }
            #expect(try await page().contains("is waking up</h1>"))
            try await eventually("its name is known") { await site.waker.slug(of: WakerTests.app) == "app" }
            try write("default", "all: {{app}} {{state}}")
            #expect(try await page() == "all: app starting")
            try write("app", "own: {{app}}, {{nonce}}")
            #expect(try await page().hasPrefix("own: app, "))
            try write("app", "own again")
            #expect(try await page() == "own again")
            try write("app", "{{#open}} and never closed")
            #expect(try await page() == "all: app starting")
            try FileManager.default.removeItem(atPath: "\(folder.path)/default.html.mustache")
            #expect(try await page().contains("is waking up</h1>"))
        }
    }
}

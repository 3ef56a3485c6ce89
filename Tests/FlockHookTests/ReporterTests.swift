import AsyncHTTPClient
import FlockCore
import FlockDaemon
import FlockTesting
import Foundation
import Logging
import Marathon
import NIOHTTP1
import Testing

@testable import FlockHook

/// The reporter against a server that stands in for the forge.
@Suite struct ReporterTests {
    private struct Place {
        var store: HookStore
        var forge: StandInForge
        /// Of the repository `blog`, which has no chat.
        var otherForge: StandInForge
        var log: LogText
        var reporter: @Sendable () -> Reporter

        func deploy(_ delivery: String = "d", of name: String = "shop", in folder: String = "") async throws -> Int64 {
            var repository = Fixtures.repository(["main": .production])
            repository.folder = folder
            repository.address = RepositoryAddress("https://git.example/acme/\(name)")
            let change = try RefChange(
                name: "refs/heads/main", before: nil, after: String(repeating: "c", count: 40))
            let receipt = try await store.receive(
                Delivery(forge: .gitea, id: delivery, repository: repository, changes: [change]), at: Date())
            return try #require(receipt.deploys.first).id
        }

        var toldForge: [StandInForge.Told] { forge.told.filter { $0.path.hasPrefix("/api/") } }
        var toldChat: [StandInForge.Told] { forge.told.filter { $0.path.hasPrefix("/services/") } }

        /// What the forge was told.
        func states() -> [String] {
            toldForge.map { told in
                let object = try? JSONSerialization.jsonObject(with: Data(told.body.utf8)) as? [String: Any]
                return object?["state"] as? String ?? "-"
            }
        }
    }

    private func withPlace(
        forge kind: String = "gitea", answer: (@Sendable (StandInForge.Told) -> TinyServer.Answer)? = nil,
        _ body: (Place) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let forge = if let answer { try await StandInForge(answer) } else { try await StandInForge() }
        let otherForge = try await StandInForge()
        try "s3cret-token\n".write(toFile: "\(folder.path)/token", atomically: true, encoding: .utf8)
        try "\(forge.address)/services/s3cret-hook\n".write(
            toFile: "\(folder.path)/slack", atomically: true, encoding: .utf8)
        try """
        hook:
          repositories:
            - url: https://git.example/acme/shop
              secret: {file: x}
              branches: {main: production}
              report: {forge: \(kind), api: "\(forge.address)/api", token: {file: token}}
              slack: {file: slack}
            - url: https://git.example/acme/blog
              secret: {file: x}
              branches: {main: production}
              report: {forge: gitea, api: "\(otherForge.address)/api", token: {file: token}}
            - url: https://git.example/acme/mono
              path: apps/web
              secret: {file: x}
              branches: {main: production}
              report: {forge: \(kind), api: "\(forge.address)/api", token: {file: token}}
            - url: https://git.example/acme/mono
              path: apps/silent
              secret: {file: x}
              branches: {main: production}
        """.write(toFile: "\(folder.path)/flock.yaml", atomically: true, encoding: .utf8)
        let settings = LiveSettings(try SettingsFile(path: "\(folder.path)/flock.yaml").load())
        let store = try HookStore(folder: folder.path)
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        let log = LogText()
        let place = Place(store: store, forge: forge, otherForge: otherForge, log: log) {
            Reporter(
                settings: settings, store: store, http: http,
                logger: Logger(label: "test") { _ in log.handler }, pause: { _ in .milliseconds(5) })
        }
        do {
            try await body(place)
            #expect(!log.text.contains("s3cret"), "\(log.text)")
        } catch {
            Issue.record("\(error) \(log.text)")
        }
        try await http.shutdown()
        try await forge.stop()
        try await otherForge.stop()
    }

    private func during(_ place: Place, _ work: () async throws -> Void) async throws {
        let running = Task { [reporter = place.reporter()] in await reporter.run() }
        do { try await work() } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        await running.value
    }

    @Test func `a forge and a chat are told as a deploy goes on, with the credential that each has`() async throws {
        try await withPlace { place in
            try await during(place) {
                let id = try await place.deploy()
                try await eventually("pending is told") { place.states() == ["pending"] }
                try await place.store.advance(id, to: .resolving, "looking")
                try await place.store.finish(id, .live, reason: "release 1 is live")
                try await eventually("its end is told") { place.forge.told.count == 3 }
            }
            let told = place.forge.told
            #expect(told.allSatisfy { $0.method == "POST" && $0.headers["Content-Type"] == ["application/json"] })
            #expect(place.states() == ["pending", "success"])
            #expect(
                place.toldForge.allSatisfy {
                    $0.path == "/api/repos/acme/shop/statuses/\(String(repeating: "c", count: 40))"
                        && $0.headers["Authorization"] == ["token s3cret-token"]
                })
            #expect(place.toldChat.map(\.path) == ["/services/s3cret-hook"])
            #expect(place.toldChat.allSatisfy { $0.headers["Authorization"].isEmpty })
            #expect(place.toldChat.allSatisfy { $0.body.contains("release 1 is live") })
        }
    }

    @Test func `GitHub's deployment is told under the number it was given, after a restart too`() async throws {
        try await withPlace(forge: "github") { place in
            var id: Int64 = 0
            try await during(place) {
                id = try await place.deploy()
                try await eventually("it is in progress") { place.states() == ["pending", "-", "in_progress"] }
            }
            try await place.store.finish(id, .failed, code: "app_failing", reason: "it ends")
            try await during(place) {
                try await eventually("its end is told") { place.forge.told.count == 6 }
            }
            #expect(place.states() == ["pending", "-", "in_progress", "failure", "failure"])
            #expect(place.toldForge.last?.path == "/api/repos/acme/shop/deployments/42/statuses")
            #expect(place.forge.told[0].headers["Authorization"] == ["Bearer s3cret-token"])
            #expect(place.forge.told[0].headers["User-Agent"] == ["flock"])
        }
    }

    @Test func `a forge that is down hears the newest state when it is back, and no older one`() async throws {
        let isUp = Flag()
        let answer: @Sendable (StandInForge.Told) -> TinyServer.Answer = { told in
            defer { if told.body.contains("success") { isUp.raise() } }
            return isUp.isRaised ? .ok("{}") : .status(503)
        }
        try await withPlace(answer: answer) { place in
            try await during(place) {
                let id = try await place.deploy()
                try await eventually("it is asked") { place.forge.told.count >= 2 }
                try await place.store.finish(id, .live, reason: "release 1 is live")
                try await eventually("all is told") {
                    try await place.store.told(of: id)[.chat]?.phase == .live
                }
                let states = place.states()
                let turn = try #require(states.firstIndex(of: "success"))
                #expect(!states[turn...].contains("pending"))
            }
        }
    }

    @Test func `a forge that never answers keeps neither another forge waiting nor a chat`() async throws {
        let answer: @Sendable (StandInForge.Told) -> TinyServer.Answer = { told in
            told.path.hasPrefix("/services/") ? .ok("ok") : .silence
        }
        try await withPlace(answer: answer) { place in
            try await during(place) {
                for number in 1...12 { _ = try await place.deploy("\(number)") }
                let last = try await place.deploy("last")
                try await eventually("the forge is asked") { place.toldForge.count >= 8 }
                _ = try await place.deploy("1", of: "blog")
                try await eventually("the other forge is told") { place.otherForge.told.count == 1 }
                try await place.store.finish(last, .live, reason: "release 1 is live")
                try await eventually("the chat is told") {
                    place.toldChat.contains { $0.body.contains("release 1 is live") }
                }
            }
        }
    }

    @Test func `what is refused is not tried again, and said once`() async throws {
        let answer: @Sendable (StandInForge.Told) -> TinyServer.Answer = { _ in .status(401) }
        try await withPlace(answer: answer) { place in
            func refusals() -> Int { place.log.text.components(separatedBy: "answered 401").count - 1 }
            try await during(place) {
                let id = try await place.deploy()
                try await eventually("it is asked") { place.forge.told.count == 1 }
                try await place.store.finish(id, .live, reason: "release 1 is live")
                try await eventually("its end is asked") { place.forge.told.count == 3 }
                try await eventually("three refusals are said") { refusals() >= 3 }
            }
            #expect(refusals() == 3)
            #expect(place.log.text.contains("does the token hold"))
        }
    }

    @Test func `what is never taken is given up`() async throws {
        let answer: @Sendable (StandInForge.Told) -> TinyServer.Answer = { _ in .status(500) }
        try await withPlace(answer: answer) { place in
            try await during(place) {
                _ = try await place.deploy("1")
                try await eventually("it is given up") { place.log.text.contains("not reported: answered 500") }
                #expect(place.forge.told.count == Reporter.mostAttempts)
            }
        }
    }

    @Test func `what ended before anybody was told of it stays untold`() async throws {
        try await withPlace { place in
            let old = try await place.deploy("1")
            try await place.store.finish(old, .live, reason: "long ago")
            try await during(place) {
                let new = try await place.deploy("2")
                try await eventually("the new one is seen") { place.forge.told.count == 1 }
                try await place.store.finish(new, .live, reason: "now")
                try await eventually("the new one is told") { place.forge.told.count == 3 }
                #expect(place.forge.told.allSatisfy { !$0.body.contains("long ago") })
            }
        }
    }

    @Test func `a program of a repository is told of under its own name, by its own entry`() async throws {
        try await withPlace { place in
            try await during(place) {
                let silent = try await place.deploy("s", of: "mono", in: "apps/silent")
                let web = try await place.deploy("w", of: "mono", in: "apps/web")
                try await eventually("pending is told") { place.states() == ["pending"] }
                for id in [silent, web] { try await place.store.finish(id, .live, reason: "live") }
                try await eventually("its end is told") { place.states() == ["pending", "success"] }
            }
            for told in place.forge.told {
                #expect(told.path == "/api/repos/acme/mono/statuses/\(String(repeating: "c", count: 40))")
                #expect(told.body.contains(#""context":"flock/production - apps/web""#), "\(told.body)")
            }
        }
    }

    @Test func `a repository without a report tells nobody`() async throws {
        try await withPlace { place in
            try await during(place) {
                let other = try await place.deploy("o", of: "other")
                let own = try await place.deploy("1")
                try await eventually("the own one is seen") { place.forge.told.count == 1 }
                try await place.store.finish(other, .live, reason: "of the other")
                try await place.store.finish(own, .live, reason: "of the own")
                try await eventually("the own one is told") { place.forge.told.count == 3 }
                #expect(place.forge.told.allSatisfy { !$0.body.contains("of the other") })
            }
        }
    }
}

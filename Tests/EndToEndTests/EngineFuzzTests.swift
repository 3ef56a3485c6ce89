import FlockTesting
import Foundation
import NIOHTTP1
import Testing

/// Thousands of requests that nobody would send, to the real engine. `FLOCK_FUZZ_SEED=…` runs others.
@Suite(.serialized)
struct EngineFuzzTests {
    private static let requests = 3500

    @Test("odd requests at every endpoint: never a 5xx, what is refused changes nothing, the engine lives and works")
    func fuzz() async throws {
        let seed = ProcessInfo.processInfo.environment["FLOCK_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_181_104
        // Few tasks fit, however many instances are asked for.
        let settings = ["engine.requestsPerSecond=1000000", "engine.cpus=1", "engine.mem=1024"]
        try await EngineSite.run(settings: settings) { site in
            var generator = RequestGenerator(seed: seed)
            var statuses: [Int: Int] = [:]
            var before = try await State(of: site)
            for number in 0..<Self.requests {
                // The root is emptied now and then, or locks would refuse all the rest.
                let request = number % 120 == 119 ? RequestGenerator.cleaning : generator.next()
                let story = "seed \(seed), request \(number): \(request)"
                let answer: EngineSite.Answer
                do {
                    answer = try await site.ask(
                        request.method, request.path, bytes: request.body, readsBody: !request.isStream)
                } catch {
                    Issue.record("\(story): \(error)\n\(site.log.suffix(3000))")
                    throw error
                }
                statuses[answer.status, default: 0] += 1
                #expect(answer.status < 500, "\(story)\n\(answer.text.prefix(500))")
                generator.learn(answer.text)
                let after = try await State(of: site)
                if answer.status >= 400 {
                    let difference = after.difference(from: before)
                    #expect(difference == nil, "\(story)\n\(answer.status) \(answer.text.prefix(500))")
                }
                before = after
                guard site.isRunning else {
                    Issue.record("the engine has ended after \(story)\n\(site.log.suffix(3000))")
                    return
                }
            }
            // Both kinds have to be there, or the requests are of no use.
            #expect(statuses.filter { $0.key < 300 }.values.reduce(0, +) > 700, "\(statuses)")
            #expect(statuses.filter { $0.key >= 400 }.values.reduce(0, +) > 700, "\(statuses)")
            #expect(Set([400, 404, 409, 422]).isSubset(of: Set(statuses.keys)), "\(statuses)")

            #expect(try await site.ask(.GET, "/ping").text == "pong")
            #expect(try await site.ask(.DELETE, "/v2/groups?force=true").status == 200)
            try await site.isQuiet()
            try await eventually("every task has ended") { try await site.ask(.GET, "/v2/tasks")["tasks", 0] == nil }
            let app = #"{"id": "/last", "cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32}"#
            #expect(try await site.ask(.POST, "/v2/apps", app).status == 201)
            try await eventually("an app runs") {
                try await site.ask(.GET, "/v2/apps/last")["app", "tasksRunning"] as? Int == 1
            }
        }
    }

    // MARK: What must not change

    /// All apps and groups as they are wanted, and the deployments.
    private struct State {
        private let groups: String
        private let deployments: Set<String>

        init(of site: EngineSite) async throws {
            groups = try await site.ask(.GET, "/v2/groups").text
            let answer = try await site.ask(.GET, "/v2/deployments")
            deployments = Set((answer.json as? [[String: Any]] ?? []).compactMap { $0["id"] as? String })
        }

        /// What a request that was refused has changed; `nil` when that is nothing. Tasks and deployments may have
        /// ended by themselves.
        func difference(from before: State) -> String? {
            let new = deployments.subtracting(before.deployments)
            if !new.isEmpty { return "new deployments: \(new)" }
            if groups == before.groups || Self.lasting(groups).isEqual(Self.lasting(before.groups)) { return nil }
            return "\(before.groups)\nbecame \(groups)"
        }

        private static func lasting(_ text: String) -> NSDictionary {
            func stripped(_ value: Any) -> Any {
                if let list = value as? [Any] { return list.map(stripped) }
                guard let object = value as? [String: Any] else { return value }
                return object.filter { !$0.key.hasPrefix("tasks") && $0.key != "deployments" }.mapValues(stripped)
            }
            let json = try? JSONSerialization.jsonObject(with: Data(text.utf8))
            return stripped(json ?? [:]) as? NSDictionary ?? [:]
        }
    }
}

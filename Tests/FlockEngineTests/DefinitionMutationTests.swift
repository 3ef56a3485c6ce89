import Foundation
import Marathon
import Testing

@testable import FlockEngine

/// Bodies that nobody would write, thrown at all that reads them.
@Suite struct DefinitionMutationTests {
    /// SplitMix64, so that every run sees the same bodies.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let seeds = [
        #"""
        {"id": "/g/a", "cmd": "ls", "cpus": 0.5, "mem": 1e2, "instances": 2.0, "env": {"A": "1", "B": "2"},
         "ports": [0, 80], "portDefinitions": [{"port": 0, "name": "web"}, {"port": 80, "labels": {"a": "b"}}],
         "healthChecks": [{"protocol": "HTTP", "portIndex": 0, "path": "/x"}, {"protocol": "COMMAND", "command": {"value": "x"}}],
         "upgradeStrategy": {"minimumHealthCapacity": 1, "maximumOverCapacity": 0.5}, "uris": ["http://h/a.tgz"],
         "constraints": [["hostname", "LIKE", "a.*"], ["x", "MAX_PER", "3"]], "dependencies": ["../b", "c"]}
        """#,
        #"""
        {"id": "b", "args": ["a", "\u00e9\ud83d\ude00"], "container": {"type": "DOCKER", "docker": {"image": "i",
         "network": "BRIDGE", "portMappings": [{"containerPort": 80, "servicePort": 0, "name": "default"}]}, "volumes": [{"containerPath": "v"}]},
         "unreachableStrategy": {"inactiveAfterSeconds": 1, "expungeAfterSeconds": 2}, "killSelection": "OLDEST_FIRST",
         "readinessChecks": [{"portName": "default"}], "fetch": [{"uri": "/a", "destPath": "b"}], "version": "v"}
        """#,
        #"""
        {"id": "g", "dependencies": ["/x"], "apps": [{"id": "a", "cmd": "ls"}, {"id": "/g/b", "cmd": "ls", "dependencies": ["a"]}],
         "groups": [{"id": "h", "apps": [{"id": "c", "cmd": "ls", "networks": [{"mode": "host"}]}], "groups": []}]}
        """#,
    ]

    /// What breaks parsers and arithmetic.
    private static let shards = [
        "null", "true", "0", "-1", "-0", "1.5", "1.0", "1e400", "-1e400", "1e-400", "9223372036854775808", "2147483648",
        "65536", "4294967296.0", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\"..\"", "\"/\"", "\"(((((\"",
        "\"a{999999999}\"",
        "\"disabled\"", "[]", "{}", "[[]]", "[[[[[[[[", "{\"a\":", "}", "]", ",", ":", "\"", "\\", "NaN", "Infinity",
        "{\"secret\":\"s\"}", "\u{FEFF}", "\u{1F600}", "\"id\": \"x\",", "\"version\": \"v\",", "\"scaleBy\": 0,",
    ]

    private static func mutate(_ seed: [UInt8], _ random: inout Generator) -> [UInt8] {
        var bytes = seed
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            guard !bytes.isEmpty else { break }
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: at)
            case 2: bytes.insert(contentsOf: (shards.randomElement(using: &random) ?? "").utf8, at: at)
            case 3: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...40, using: &random)))
            case 4: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 60)], at: at)
            case 5: bytes.removeLast(min(bytes.count, Int.random(in: 0...20, using: &random)))
            default:
                // A whole value for another, which stays JSON.
                guard let colon = bytes[at...].firstIndex(of: UInt8(ascii: ":")),
                    let end = bytes[colon...].firstIndex(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") })
                else { continue }
                bytes.replaceSubrange((colon + 1)..<end, with: (shards.randomElement(using: &random) ?? "").utf8)
            }
        }
        return bytes
    }

    /// - Returns: whether it was accepted; every other error than the engine's is an issue.
    private static func isAccepted(_ body: [UInt8], _ read: () throws -> Void) -> Bool {
        do {
            try read()
            return true
        } catch let error as EngineError {
            if error.code != .syntax && error.code != .invalid {
                Issue.record("\(error) for \(String(decoding: body, as: UTF8.self))")
            }
        } catch {
            Issue.record("\(error) for \(String(decoding: body, as: UTF8.self))")
        }
        return false
    }

    @Test(arguments: 0..<8)
    func `no body ends the engine, and what is accepted can be stored`(_ seed: Int) async throws {
        var random = Generator(state: UInt64(seed))
        var accepted = 0
        let servicePort: (Set<Int>) -> Int? = { taken in (10_000...10_020).first { !taken.contains($0) } }
        let existing = try AppChange.creation(Array(#"{"id": "/g/a", "cmd": "ls", "ports": [0, 0]}"#.utf8))
            .resolved(over: nil, servicePort: servicePort)
        for round in 0..<3000 {
            // Other tests run on the same threads.
            if round.isMultiple(of: 20) { await Task.yield() }
            let body = Self.mutate(Array(Self.seeds[round % Self.seeds.count].utf8), &random)
            let wasAccepted = Self.isAccepted(body) {
                var stored: [AppDefinition] = []
                if round % 3 == 2 {
                    let change = try GroupChange(body, of: "/")
                    guard case .full(let definition) = change.kind else { return }
                    var tree = GroupTree(apps: ["/g/a": existing])
                    try tree.apply(definition, to: change.id, servicePort: servicePort)
                    stored = Array(tree.apps.values)
                    let decoded = try JSONDecoder().decode(GroupTree.self, from: JSONEncoder().encode(tree))
                    #expect(decoded == tree)
                } else if round % 2 == 0 {
                    stored = [try AppChange.creation(body).resolved(over: nil, servicePort: servicePort)]
                } else if case .definition(let change) = try AppChange(body, of: "/g/a") {
                    stored = [try change.resolved(over: existing, servicePort: servicePort)]
                }
                for app in stored {
                    let decoded = try JSONDecoder().decode(AppDefinition.self, from: JSONEncoder().encode(app))
                    #expect(decoded == app)
                    // What an answer says can be sent back.
                    let again = try AppDefinition(id: app.id).resolved(over: decoded, servicePort: servicePort)
                    #expect(again == app)
                }
            }
            accepted += wasAccepted ? 1 : 0
        }
        // Otherwise the mutations would not reach what lies behind the parser.
        #expect(accepted > 50, "\(accepted) of 3000")
    }
}

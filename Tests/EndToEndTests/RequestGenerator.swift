import Foundation
import NIOHTTP1

/// Requests to Marathon's API that are right, nearly right, or nonsense. The same seed gives the same choices.
struct RequestGenerator {
    struct Request: CustomStringConvertible {
        var method: HTTPMethod
        var path: String
        var body: [UInt8]
        /// Whether the answer does not end by itself.
        var isStream: Bool { path.contains("/events") }

        var description: String {
            "\(method.rawValue) \(path.prefix(400)) \(String(decoding: body.prefix(2000), as: UTF8.self))"
        }
    }

    static let cleaning = Request(method: .DELETE, path: "/v2/groups?force=true", body: [])

    private var random: SplitMix64
    /// Ids and versions that the engine has spoken of, so that some requests meet what is there.
    private var tasks = ["a.instance-00000000-0000-0000-0000-000000000000._app.1"]
    private var versions = ["2020-01-01T00:00:00.000Z"]
    private var deployments = ["00000000-0000-0000-0000-000000000000"]

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
    }

    /// Every run and every machine sees the same. Source: Steele, Lea, Flood: Fast splittable pseudorandom generators.
    private struct SplitMix64: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// Remembers the ids in an answer.
    mutating func learn(_ answer: String) {
        let text = answer.prefix(4000)
        func keep(_ found: [String], _ known: inout [String]) { known = Array((known + found).suffix(8)) }
        keep(text.matches(of: /[a-z0-9_.-]+\.instance-[0-9a-f-]{36}\._app\.1/).map { String($0.output) }, &tasks)
        keep(text.matches(of: /\d{4}-\d\d-\d\dT[0-9:.]{12}Z/).map { String($0.output) }, &versions)
        keep(text.matches(of: /"deploymentId":"([0-9a-f-]{36})"/).map { String($0.output.1) }, &deployments)
    }

    mutating func next() -> Request {
        let endpoint = Self.endpoints.randomElement(using: &random) ?? Self.endpoints[0]
        var method = endpoint.methods.randomElement(using: &random) ?? .GET
        if chance(12) { method = Self.methods.randomElement(using: &random) ?? .GET }
        var path = endpoint.path
        for (mark, values) in [
            ("ID", Self.ids), ("TASK", tasks), ("VERSION", versions), ("DEPLOYMENT", deployments),
        ] {
            let value =
                chance(8) ? Self.oddSegments.randomElement(using: &random) : values.randomElement(using: &random)
            path = path.replacingOccurrences(of: mark, with: value ?? "")
        }
        if chance(10) { path = odd(path) }
        path += query()
        var body: [UInt8] = []
        let takesBody = method != .GET && method != .HEAD || chance(20)
        if takesBody && method != .TRACE { body = self.body(endpoint.body) }
        return Request(method: method, path: path, body: body)
    }

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

    private mutating func number(below limit: Int) -> Int { Int.random(in: 0..<max(1, limit), using: &random) }

    // MARK: Paths

    private enum Body { case app, update, updates, group, tasks, none }

    private static let endpoints: [(path: String, methods: [HTTPMethod], body: Body)] = [
        ("/v2/apps", [.GET, .POST, .POST, .POST, .POST], .app), ("/v2/apps", [.PUT, .PATCH], .updates),
        ("/v2/apps/ID", [.GET, .PUT, .PUT, .PUT, .PATCH, .DELETE], .update), ("/v2/apps//ID", [.GET, .PUT], .update),
        ("/v2/apps/ID/*", [.GET], .none), ("/v2/apps/ID/restart", [.POST], .none),
        ("/v2/apps/ID/tasks", [.GET, .DELETE], .none), ("/v2/apps/ID/tasks/TASK", [.DELETE], .none),
        ("/v2/apps/ID/versions", [.GET], .none), ("/v2/apps/ID/versions/VERSION", [.GET], .none),
        ("/v2/tasks", [.GET], .none), ("/v2/tasks/delete", [.POST], .tasks),
        ("/v2/groups", [.GET, .POST, .PUT, .PUT], .group),
        ("/v2/groups/ID", [.GET, .POST, .PUT, .PUT, .DELETE], .group),
        ("/v2/groups/ID/versions", [.GET], .none), ("/v2/groups/ID/versions/VERSION", [.GET, .PUT], .none),
        ("/v2/groups/versions", [.GET], .none), ("/v2/deployments", [.GET], .none),
        ("/v2/deployments/DEPLOYMENT", [.DELETE], .none), ("/v2/queue", [.GET], .none),
        ("/v2/queue/ID/delay", [.DELETE], .none), ("/v2/info", [.GET], .none), ("/v2/leader", [.GET, .DELETE], .none),
        ("/v2/events", [.GET], .none), ("/ping", [.GET], .none), ("/health", [.GET], .none),
        ("/metrics", [.GET], .none),
        ("/files/read?path=TASK/stdout", [.GET], .none), ("/files/read?path=latest/ID/stderr", [.GET], .none),
        ("/files/download?path=TASK/stdout", [.GET], .none),
        ("/v2/none/ID", [.GET, .POST], .app), ("/", [.GET], .none),
    ]

    private static let methods: [HTTPMethod] = [
        .GET, .HEAD, .POST, .PUT, .PATCH, .DELETE, .OPTIONS, .TRACE, .RAW(value: "PROPFIND"), .RAW(value: "FETCH"),
    ]

    private static let ids = [
        "a", "a", "b", "/b", "g", "g/c", "/g/c", "g/h", "g/h/d", "g/h/d/", "shop-1.0.0", "x", "",
    ]

    private static let oddSegments = [
        "..", ".", "...", "%2e%2e", "..%2f..%2fetc", "a/..", "x/../a", "../../..", "a%2Fb", "%2F", "%00", "a%00",
        "%ff%fe",
        "%", "%4", "%zz", "a%20b", "A", "a_b", "-a", "a-", "%C3%A9", "%F0%9F%98%80", "e%CC%81", "%2F%CC%81", "*", "a/*",
        "restart", "tasks", "versions", "a/tasks/versions", "a/restart/restart", "delete", "delay", "~", ";a=b", "a;b",
        "@", "%3F", "%23", "+", "null", "0", "-1", String(repeating: "x", count: 300),
        String(repeating: "y", count: 4000),
        String(repeating: "z/", count: 200), String(repeating: "w/", count: 2000), String(repeating: "%2F", count: 900),
        String(repeating: "../", count: 500), "%0d%0aX-Header:%201", "%25%32%66",
    ]

    private mutating func odd(_ path: String) -> String {
        var path = path
        switch number(below: 6) {
        case 0: path += "/"
        case 1: path = path.replacingOccurrences(of: "/", with: "//")
        case 2: path += "/" + (Self.oddSegments.randomElement(using: &random) ?? "")
        case 3: path = path.replacingOccurrences(of: "/v2/", with: "/v2/./")
        case 4: path = path.replacingOccurrences(of: "apps", with: "%61pps")
        default: path = path.replacingOccurrences(of: "/v2/apps/", with: "/v2/apps/..//")
        }
        return path
    }

    private static let queryKeys = [
        "force", "force", "force", "scale", "wipe", "dryRun", "partialUpdate", "embed", "embed", "label", "cmd", "id",
        "host",
        "status", "status[]", "event_type", "path", "offset", "length", "unknown",
    ]

    private static let queryValues = [
        "true", "True", "TRUE", "false", "", "1", "yes", "apps.tasks", "app.taskStats", "group.groups", "group.apps",
        "lastUnusedOffers", "lastTaskFailure", "tier", "tier==front", "tier%20in%20(front)", "tier%20in%20(", "!",
        "a%5C",
        "%00", "%ff", "%", "a+b", "%F0%9F%98%80", "running", "staging", "-1", "9223372036854775807",
        "-9223372036854775808",
        "99999999999999999999", "../../../etc/passwd", "a.x/../../stdout", "%2Fetc%2Fpasswd", "..%2Fstdout",
        ".%00/stdout",
        "a%00/stdout", String(repeating: "(", count: 500), String(repeating: "a,", count: 500),
    ]

    private mutating func query() -> String {
        let count = [0, 0, 0, 1, 1, 2, 4].randomElement(using: &random) ?? 0
        let pairs = (0..<count).map { _ in
            let key = Self.queryKeys.randomElement(using: &random) ?? ""
            // Without the flag, most changes are locked out by those before.
            let isFlag = key == "force" && chance(2)
            let value = isFlag ? "true" : Self.queryValues.randomElement(using: &random) ?? ""
            return chance(15) ? key : "\(key)=\(value)"
        }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    // MARK: Bodies

    /// No value that takes the place of another makes a command do harm, or lets many tasks fit on the machine.
    private indirect enum Tree {
        case raw(String)
        case list([Tree])
        /// A key may be there twice.
        case object([(String, Tree)])

        var text: String {
            switch self {
            case .raw(let text): text
            case .list(let list): "[" + list.map(\.text).joined(separator: ",") + "]"
            case .object(let members):
                "{" + members.map { "\(RequestGenerator.quoted($0.0)):\($0.1.text)" }.joined(separator: ",") + "}"
            }
        }

        /// Itself and all trees in it.
        var size: Int {
            switch self {
            case .raw: 1
            case .list(let list): list.reduce(1) { $0 + $1.size }
            case .object(let members): members.reduce(1) { $0 + $1.1.size }
            }
        }

        /// Changes the part of that number, counted from itself in the order they are written.
        func changing(_ number: Int, _ change: (Tree) -> Tree) -> Tree {
            guard number > 0 else { return change(self) }
            var left = number - 1
            func child(_ tree: Tree) -> Tree {
                defer { left -= tree.size }
                return (0..<tree.size).contains(left) ? tree.changing(left, change) : tree
            }
            switch self {
            case .raw: return self
            case .list(let list): return .list(list.map(child))
            case .object(let members): return .object(members.map { ($0.0, child($0.1)) })
            }
        }
    }

    private static func quoted(_ text: String) -> String {
        let data = try? JSONSerialization.data(
            withJSONObject: text, options: [.fragmentsAllowed, .withoutEscapingSlashes])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    private static let values = [
        "null", "true", "false", "0", "-1", "-0.0", "1", "2", "1.5", "1e2", "1e308", "1e400", "-1e400", "1e-400",
        "2147483647", "2147483648", "9007199254740993", "9223372036854775807", "9223372036854775808",
        "123456789012345678901234567890", "65535", "65536", "604801", "\"\"", "\"x\"", "\"/\"", "\"..\"", "\"/a\"",
        "\"/g\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"e\\u0301\"", "\"\\u202e\"", "\"1\"",
        "\"true\"",
        "\"disabled\"", "[]", "{}", "[[]]", "[null]", "{\"a\":null}", "[0,0]", "[\"a\",\"a\"]", "\"a b\"", "\"A=B\"",
        "[[\"hostname\",\"LIKE\",\"(a+)+$\"]]", "[[\"hostname\",\"UNIQUE\"]]", "[[\"x\",\"MAX_PER\",\"1\"]]",
        "[{\"port\":0},{\"port\":0}]", "[{\"protocol\":\"TCP\"}]", "[{\"protocol\":\"COMMAND\"}]",
        "{\"type\":\"DOCKER\",\"docker\":{\"image\":\"nginx\"}}", "[{\"uri\":\"http://127.0.0.1:1/x\"}]",
        "[{\"uri\":\"file:///none\",\"destPath\":\"../x\"}]", "[{\"mode\":\"container\",\"name\":\"n\"}]",
    ]

    private static let strayKeys = [
        "version", "scaleBy", "id", "instances", "ports", "portDefinitions", "uris", "fetch", "args", "user", "secrets",
        "residency", "ipAddress", "networks", "container", "constraints", "dependencies", "groups", "apps", "pods",
        "readinessChecks", "healthChecks", "killSelection", "backoffFactor", "maxLaunchDelaySeconds",
        "acceptedResourceRoles",
        "taskKillGracePeriodSeconds", "requirePorts", "gpus", "executor", "", "\u{0}", "é", "tasks", "unknown",
    ]

    private mutating func app(_ id: String?) -> Tree {
        let instances = ["0", "0", "0", "1", "2"].randomElement(using: &random) ?? "0"
        var members: [(String, Tree)] = id.map { [("id", .raw(Self.quoted($0)))] } ?? []
        members += [
            ("cmd", .raw(#""exec sleep 1000""#)), ("cpus", .raw("0.25")), ("mem", .raw("32")),
            ("instances", .raw(instances)),
        ]
        let more: [(String, Tree)] = [
            ("env", .object([("A", .raw(#""1""#))])), ("labels", .object([("tier", .raw(#""front""#))])),
            ("ports", .list([.raw("0"), .raw("0")])),
            ("portDefinitions", .list([.object([("port", .raw("0")), ("name", .raw(#""http""#))])])),
            (
                "healthChecks",
                .list([
                    .object([
                        ("protocol", .raw(#""TCP""#)), ("portIndex", .raw("0")), ("intervalSeconds", .raw("60")),
                        ("gracePeriodSeconds", .raw("300")),
                    ])
                ])
            ),
            (
                "upgradeStrategy",
                .object([("minimumHealthCapacity", .raw("0.5")), ("maximumOverCapacity", .raw("1"))])
            ),
            ("constraints", .list([.list([.raw(#""hostname""#), .raw(#""LIKE""#), .raw(#"".*""#)])])),
            ("dependencies", .list([.raw(#""/b""#)])), ("backoffSeconds", .raw("60")),
            (
                "unreachableStrategy",
                .object([("inactiveAfterSeconds", .raw("1")), ("expungeAfterSeconds", .raw("2"))])
            ),
            ("taskKillGracePeriodSeconds", .raw("1")), ("killSelection", .raw(#""OLDEST_FIRST""#)),
            ("fetch", .list([])), ("user", .raw("null")), ("requirePorts", .raw("false")),
        ]
        for member in more where chance(6) { members.append(member) }
        return .object(members)
    }

    private mutating func group(_ depth: Int) -> Tree {
        switch depth == 0 ? number(below: 8) : 7 {
        case 0: return .object([("scaleBy", .raw(["0", "0.5", "2", "1e300"].randomElement(using: &random) ?? "1"))])
        case 1: return .object([("version", .raw(Self.quoted(versions.randomElement(using: &random) ?? "")))])
        default: break
        }
        let names = depth == 0 ? ["/g", "g", "g", "g2"] : ["h", "i", "/g/h"]
        var members: [(String, Tree)] = [("id", .raw(Self.quoted(names.randomElement(using: &random) ?? "g")))]
        if chance(2) { members.append(("apps", .list([app("c"), app("e")]))) }
        if depth < 3 && chance(2) { members.append(("groups", .list([group(depth + 1)]))) }
        if chance(5) { members.append(("dependencies", .list([.raw(#""/b""#)]))) }
        return .object(members)
    }

    private mutating func body(_ kind: Body) -> [UInt8] {
        let id = Self.ids.randomElement(using: &random) ?? "a"
        let kinds: [Body] = [.app, .update, .updates, .group, .tasks]
        var tree: Tree
        switch chance(15) ? kinds.randomElement(using: &random) ?? .app : kind {
        case .app: tree = app(id)
        case .update:
            tree =
                switch number(below: 4) {
                case 0: .object([("instances", .raw("\(number(below: 3))"))])
                case 1: .object([("version", .raw(Self.quoted(versions.randomElement(using: &random) ?? "")))])
                default: app(nil)
                }
        case .updates: tree = .list([app(id), app("b")])
        case .group: tree = group(0)
        case .tasks:
            let ids = (0..<number(below: 4)).map { _ in Tree.raw(Self.quoted(tasks.randomElement(using: &random) ?? ""))
            }
            tree = .object([("ids", .list(ids))])
        case .none: return []
        }
        // Half of them are left right.
        guard chance(2) else { return Array(tree.text.utf8) }
        for _ in 0...number(below: 3) { tree = mutated(tree) }
        var bytes = Array(tree.text.utf8)
        if chance(4), !bytes.isEmpty {
            let place = number(below: bytes.count)
            switch number(below: 5) {
            case 0: bytes.removeSubrange(place...)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.insert(contentsOf: [0xFF, 0xC0, 0x80], at: place)
            case 3: bytes.removeSubrange(..<place)
            default: bytes = Array([0xEF, 0xBB, 0xBF] + bytes)
            }
        }
        return bytes
    }

    private mutating func mutated(_ tree: Tree) -> Tree {
        let value = Tree.raw(Self.values.randomElement(using: &random) ?? "null")
        let key = Self.strayKeys.randomElement(using: &random) ?? ""
        let kind = number(below: 8)
        let depth = [3, 70, 2000].randomElement(using: &random) ?? 3
        let length = [300, 5000, 200_000].randomElement(using: &random) ?? 300
        let place = number(below: 100)
        return tree.changing(number(below: tree.size)) { part in
            switch (kind, part) {
            case (0, .object(let members)): return .object(members + [(key, value)])
            case (1, .object(var members)) where !members.isEmpty:
                members.remove(at: place % members.count)
                return .object(members)
            case (2, .object(let members)) where !members.isEmpty:
                return .object(members + [(members[place % members.count].0, value)])
            case (3, .list(let list)): return .list(list + list + [value])
            case (4, _):
                return .raw(String(repeating: "[", count: depth) + part.text + String(repeating: "]", count: depth))
            case (5, .raw): return .raw("\"" + String(repeating: place % 2 == 0 ? "a" : "é", count: length) + "\"")
            default: return value
            }
        }
    }
}

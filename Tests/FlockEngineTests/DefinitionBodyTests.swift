import Foundation
import Marathon
import Testing

@testable import FlockEngine

/// Bodies and the exact errors they are answered with.
@Suite struct DefinitionBodyTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        var body: String
        var code: EngineError.Code
        var message: String
        /// Path and errors.
        var details: [(String, [String])]
        var testDescription: String { String(body.prefix(80)) }

        static func json(_ body: String, _ details: (String, [String])...) -> Refusal {
            Refusal(body: body, code: .invalid, message: "Invalid JSON", details: details)
        }
        static func rule(_ body: String, _ details: (String, [String])...) -> Refusal {
            Refusal(body: body, code: .invalid, message: "Object is not valid", details: details)
        }
        static func syntax(_ body: String, _ message: String) -> Refusal {
            Refusal(body: body, code: .syntax, message: message, details: [])
        }
    }

    private func expect(_ refusal: Refusal, _ body: () throws -> Void) throws {
        let error = try #require(throws: EngineError.self) { try body() }
        #expect(error.code == refusal.code)
        #expect(error.message == refusal.message)
        #expect(error.details == refusal.details.map { EngineError.Detail(path: $0.0, errors: $0.1) })
    }

    private static func resolve(_ text: String) throws -> AppDefinition {
        try AppChange.creation(Array(text.utf8)).resolved(over: nil) { taken in
            (10_000...20_000).first { !taken.contains($0) }
        }
    }

    @Test(arguments: [
        Refusal.syntax("", "Please specify data in JSON format"),
        .syntax(" \n", "Please specify data in JSON format"),
        .syntax("{", "found the end, expected a key in double quotes at line 1, column 2"),
        .syntax("{\n \"id\": }", "found '}', expected a value at line 2, column 8"),
        .syntax(#"{"id":"a"} x"#, "found 'x', expected the end at line 1, column 12"),
        .syntax(#"{"id":"a",}"#, "found '}', expected a key in double quotes at line 1, column 11"),
        .syntax("[1 2]", "found '2', expected ',' or ']' at line 1, column 4"),
        .syntax("nul", "found the end, expected null at line 1, column 4"),
        .syntax("NaN", "found 'N', expected a value at line 1, column 1"),
        .syntax("-", "found the end, expected a digit at line 1, column 2"),
        .syntax("01", "found '1', expected the end at line 1, column 2"),
        .syntax("1.", "found the end, expected a digit at line 1, column 3"),
        .syntax("1e+", "found the end, expected a digit at line 1, column 4"),
        .syntax("\"a", "found the end, expected '\"' at line 1, column 3"),
        .syntax("\"\u{1}\"", "found byte 1, expected no control character in a string at line 1, column 2"),
        .syntax(#""\q""#, #"found 'q', expected one of " \ / b f n r t u behind a backslash at line 1, column 3"#),
        .syntax(#""\ud83d""#, "a string holds half of a surrogate pair at line 1, column 8"),
        .syntax(#""\udc00""#, "a string holds half of a surrogate pair at line 1, column 8"),
        .syntax(#""\u12g4""#, "found 'g', expected four hexadecimal digits at line 1, column 6"),
        .syntax(String(repeating: "[", count: 65), "it is nested deeper than 64 levels at line 1, column 65"),
        .syntax(String(repeating: "[", count: 1_000_000), "it is nested deeper than 64 levels at line 1, column 65"),
    ])
    func `what is no JSON is told with its place`(_ refusal: Refusal) throws {
        try expect(refusal) { _ = try JSONTree(Array(refusal.body.utf8)) }
    }

    @Test func `bytes that are no UTF-8 are refused`() throws {
        for bytes: [UInt8] in [[0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x80], [0]] {
            let error = try #require(throws: EngineError.self) { _ = try JSONTree(bytes) }
            #expect(error.code == .syntax)
        }
    }

    @Test func `JSON of every kind is read`() throws {
        let text = #"""
            {"a": [null, true, false, -0, 9223372036854775807, 9223372036854775808, 1.5, 1e3, 1e999],
             "\u0061\n\/\ud83d\ude00": "ü", "a": [1], "b": {}, "c": []}
            """#
        #expect(
            try JSONTree(Array("\u{FEFF}\(text)".utf8))
                == .object([
                    "a": .array([.integer(1)]), "a\n/😀": .string("ü"), "b": .object([:]), "c": .array([]),
                ]))
        #expect(
            try JSONTree(Array("[-0,9223372036854775807,9223372036854775808,1.5,1e3,-1E+999]".utf8))
                == .array([
                    .integer(0), .integer(.max), .number(9_223_372_036_854_775_808), .number(1.5), .number(1000),
                    .number(-.infinity),
                ]))
    }

    @Test(arguments: [
        Refusal.json("[]", ("/", ["error.expected.jsobject"])),
        .json("7", ("/", ["error.expected.jsobject"])),
        .json("{}", ("/id", ["error.path.missing"])),
        .json(#"{"id": null}"#, ("/id", ["error.path.missing"])),
        .json(#"{"id": 1}"#, ("/id", ["error.expected.jsstring"])),
        .json(
            #"{"id": "a", "cpus": "x", "instances": [], "requirePorts": 0, "labels": [], "args": {}}"#,
            ("/args", ["error.expected.jsarray"]), ("/cpus", ["error.expected.jsnumber"]),
            ("/instances", ["error.expected.jsnumber"]), ("/labels", ["error.expected.jsobject"]),
            ("/requirePorts", ["error.expected.jsboolean"])),
        .json(
            #"{"id": "a", "healthChecks": [{}, {"protocol": "GOPHER"}]}"#,
            ("/healthChecks(1)/protocol", ["error.unknown.enum.literal"])),
        .json(
            #"{"id": "a", "healthChecks": [{"protocol": 5}]}"#,
            ("/healthChecks(0)/protocol", ["error.expected.jsstring"])),
        .json(#"{"id": "a", "instances": 1.5}"#, ("/instances", ["error.expected.int"])),
        .json(#"{"id": "a", "instances": 2147483648}"#, ("/instances", ["error.expected.int"])),
        .json(#"{"id": "a", "instances": 1e400}"#, ("/instances", ["error.expected.int"])),
        .json(#"{"id": "a", "instances": 99999999999999999999}"#, ("/instances", ["error.expected.int"])),
        .json(#"{"id": "a", "instances": -1}"#, ("/instances", ["error.min"])),
        .json(#"{"id": "a", "mem": 1e999}"#, ("/mem", ["error.expected.jsnumber"])),
        .json(#"{"id": "a", "cpus": 0}"#, ("/cpus", ["error.min"])),
        .json(
            #"{"id": "a", "mem": -0.5, "disk": -1, "gpus": -1, "backoffSeconds": -1}"#,
            ("/backoffSeconds", ["error.min"]), ("/disk", ["error.min"]), ("/gpus", ["error.min"]),
            ("/mem", ["error.min"])),
        .json(#"{"id": "a", "backoffFactor": 0.99}"#, ("/backoffFactor", ["error.min"])),
        .json(#"{"id": "a", "cmd": ""}"#, ("/cmd", ["error.minLength"])),
        .json(#"{"id": "a", "ports": [0, 65536, -1]}"#, ("/ports(1)", ["error.max"]), ("/ports(2)", ["error.min"])),
        .json(#"{"id": "a", "portDefinitions": [{"port": 65536}]}"#, ("/portDefinitions(0)/port", ["error.max"])),
        .json(
            #"{"id": "a", "portDefinitions": [{"protocol": "sctp"}]}"#,
            ("/portDefinitions(0)/protocol", ["error.unknown.enum.literal"])),
        .json(
            #"{"id": "a", "upgradeStrategy": {"minimumHealthCapacity": 1}}"#,
            ("/upgradeStrategy/maximumOverCapacity", ["error.path.missing"])),
        .json(#"{"id": "a", "killSelection": "RANDOM"}"#, ("/killSelection", ["error.unknown.enum.literal"])),
        .json(
            #"{"id": "a", "unreachableStrategy": "never"}"#,
            ("/unreachableStrategy", ["error.unknown.enum.literal"])),
        .json(#"{"id": "a", "unreachableStrategy": []}"#, ("/unreachableStrategy", ["error.expected.jsstring"])),
        .json(#"{"id": "a", "networks": [{"mode": "moon"}]}"#, ("/networks(0)/mode", ["error.unknown.enum.literal"])),
        .json(
            #"{"id": "a", "env": {"A": 1, "B": true}}"#,
            ("/env/A", ["error.expected.jsstring"]), ("/env/B", ["error.expected.jsstring"])),
        .json(#"{"id": "a", "constraints": [["a", 1]]}"#, ("/constraints(0)(1)", ["error.expected.jsstring"])),
        .json(#"{"id": "a", "constraints": ["a"]}"#, ("/constraints(0)", ["error.expected.jsarray"])),
        .json(#"{"id": "a", "fetch": [{"extract": true}]}"#, ("/fetch(0)/uri", ["error.path.missing"])),
        .json(#"{"id": "a", "uris": [""]}"#, ("/uris(0)", ["error.minLength"])),
        .json(#"{"id": "a", "container": {"docker": {}}}"#, ("/container/docker/image", ["error.path.missing"])),
        .json(
            #"{"id": "a", "readinessChecks": [{"httpStatusCodesForReady": [7]}]}"#,
            ("/readinessChecks(0)/httpStatusCodesForReady(0)", ["error.min"])),
    ])
    func `what has the wrong type or is out of bounds is told by its path`(_ refusal: Refusal) throws {
        try expect(refusal) { _ = try Self.resolve(refusal.body) }
    }

    @Test(arguments: [
        Refusal.rule(
            #"{"id": "a", "cmd": "ls", "env": {"A": {"secret": "s"}}, "secrets": {"s": {"source": "x"}}}"#,
            ("/env/A", ["Feature secrets is not enabled. Enable with --enable_features secrets)"]),
            ("/secrets", ["Feature secrets is not enabled. Enable with --enable_features secrets)"])),
        .rule(#"{"id": "a/..", "cmd": "ls"}"#, ("/id", ["Path must contain at least one path element"])),
        .rule(#"{"id": "../a", "cmd": "ls"}"#, ("/id", ["Identifier is not child of /. Hint: use relative paths."])),
        .rule(
            #"{"id": "/g/tasks", "cmd": "ls"}"#,
            ("/id", ["must not end with any of the following reserved keywords: restart, tasks, versions"])),
        .rule(
            #"{"id": "A_b", "cmd": "ls"}"#,
            (
                "/id",
                [
                    #"must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])|(\.|\.\.)$'"#
                ]
            )),
        .rule(
            #"{"id": "a"}"#,
            ("/", ["AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."])),
        .rule(
            #"{"id": "a", "cmd": "ls", "args": ["x"], "container": {"docker": {"image": "i"}}}"#,
            ("/", ["AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."])),
        .rule(#"{"id": "a", "cmd": "l"}"#, ("/", ["must not be an empty string"])),
        .rule(#"{"id": "a", "cmd": "ls", "ports": [80, 80]}"#, ("/", ["ports must be unique"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "ports": [80], "portDefinitions": [{"port": 81}]}"#,
            ("/", ["cannot specify both ports and port definitions"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "portDefinitions": [{"port": 80, "name": "x"}, {"port": 80, "name": "x"}]}"#,
            ("/portDefinitions", ["Ports must be unique.", "Port names must be unique."])),
        .rule(
            #"{"id": "a", "cmd": "ls", "uris": ["/a"], "fetch": [{"uri": "/b"}]}"#,
            ("/uris", ["may not be set in conjunction with fetch"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "networks": [{"mode": "host"}], "container": {"docker": {"image": "i", "network": "BRIDGE"}}}"#,
            ("/", ["must not specify both container.docker.network and networks"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "upgradeStrategy": {"minimumHealthCapacity": 1.2, "maximumOverCapacity": 1}}"#,
            ("/upgradeStrategy/minimumHealthCapacity", ["got 1.2, expected between 0.0 and 1.0"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "instances": 10001, "cpus": 1e300, "backoffFactor": 1e9, "backoffSeconds": 604801}"#,
            ("/instances", ["got 10001, expected between 0 and 10000"]),
            ("/cpus", ["got 1e+300, expected between 0.001 and 100000"]),
            ("/backoffFactor", ["got 1000000000, expected between 1 and 1000"]),
            ("/backoffSeconds", ["got 604801, expected between 0 and 604800"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "labels": {"MARATHON_SINGLE_INSTANCE_APP": "true"}, "instances": 2}"#,
            ("/", ["Single instance app may only have one instance"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "healthChecks": [{"portIndex": 1}]}"#,
            (
                "/healthChecks(0)",
                ["Health check port indices must address an element of the ports array or container port mappings."]
            )),
        .rule(
            #"{"id": "a", "cmd": "ls", "ports": [], "healthChecks": [{}]}"#,
            (
                "/healthChecks(0)",
                ["Health check port indices must address an element of the ports array or container port mappings."]
            )),
        .rule(
            #"{"id": "a", "cmd": "ls", "healthChecks": [{"protocol": "COMMAND"}]}"#,
            ("/healthChecks(0)/command", ["a COMMAND health check must have a command with a value"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "healthChecks": [{"protocol": "MESOS_TCP"}, {"protocol": "MESOS_HTTP"}]}"#,
            ("/", ["AppDefinition can contain at most one Mesos health check"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "healthChecks": [{"intervalSeconds": 0, "timeoutSeconds": 0, "path": "/ x"}]}"#,
            ("/healthChecks(0)/intervalSeconds", ["got 0, expected more than 0"]),
            ("/healthChecks(0)/timeoutSeconds", ["got 0, expected more than 0"]),
            ("/healthChecks(0)/path", ["must not have spaces or control characters"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "readinessChecks": [{"intervalSeconds": 5}]}"#,
            ("/readinessChecks(0)/portName", ["No port definition reference for portName http-api"]),
            ("/readinessChecks(0)/timeoutSeconds", ["got 10, expected less than 5"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "readinessChecks": [{"portName": "default"}, {"portName": "default"}]}"#,
            ("/readinessChecks", ["got 2, expected 1 or less"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "unreachableStrategy": {"inactiveAfterSeconds": 5}}"#,
            ("/unreachableStrategy/expungeAfterSeconds", ["got 0, expected 5 or more"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "acceptedResourceRoles": []}"#,
            ("/acceptedResourceRoles", ["must not be empty"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "dependencies": ["B", "../../x"]}"#,
            ("/dependencies(1)", ["Identifier is not child of /. Hint: use relative paths."])),
        .rule(#"{"id": "a", "cmd": "ls", "uris": ["ftp://x/y"]}"#, ("/fetch(0)/uri", ["URI has invalid syntax."])),
        .rule(
            #"{"id": "a", "cmd": "ls", "fetch": [{"uri": "http:///x"}, {"uri": "/a", "destPath": "b/../c"}, {"uri": "x"}]}"#,
            ("/fetch(0)/uri", ["URI has invalid syntax."]),
            ("/fetch(1)/destPath", ["must be a path inside the sandbox"]),
            ("/fetch(2)/uri", ["URI has invalid syntax."])),
        .rule(
            #"{"id": "a", "cmd": "ls\u0000", "env": {"": "1", "A=B": "\u0000"}, "labels": {"": "x"}}"#,
            ("/env/", ["must not be empty, and have no = and no NUL character"]),
            ("/env/A=B", ["must not be empty, and have no = and no NUL character", "must not have a NUL character"]),
            ("/labels", ["must not have an empty name"]), ("/cmd", ["must not have a NUL character"])),
        .rule(
            #"{"id": "a", "cmd": "ls", "networks": [{"mode": "host", "name": "n"}, {"mode": "container"}]}"#,
            (
                "/networks",
                [
                    "Host networks may not have names or labels",
                    "May specify a single host network, single bridge network, or else 1-to-n container networks",
                    "Network name must be specified when container network is selected.",
                ]
            )),
        .rule(#"{"id": "a", "container": {"type": "DOCKER"}, "cmd": "ls"}"#, ("/container/docker", ["not defined"])),
        .rule(
            #"{"id": "a", "cmd": "\#(String(repeating: "x", count: 1 << 20))"}"#,
            ("/", ["cmd, args, env and labels have 1048577 bytes, expected 1048576 or less"])),
    ])
    func `what breaks a rule is told by its path`(_ refusal: Refusal) throws {
        try expect(refusal) { _ = try Self.resolve(refusal.body) }
    }

    @Test(arguments: [
        (#"["a"]"#, "Each constraint must have either 2 or 3 fields"),
        (#"["a", "UNIQUE", "b"]"#, "Value specified but not used"),
        (#"["", "UNIQUE"]"#, "Missing field and operator"),
        (#"["a", "CLUSTER"]"#, "Missing value"), (#"["a", "IS"]"#, "Missing value"),
        (#"["a", "GROUP_BY", "x"]"#, "Value was specified but is not a number"),
        (#"["a", "MAX_PER"]"#, "Value was not specified or is not a number"),
        (#"["a", "LIKE"]"#, "A regular expression value must be provided"),
        (#"["a", "UNLIKE", "("]"#, "'(' is not a valid regular expression"),
        (
            #"["a", "LIKES", "x"]"#,
            "Constraint operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS"
        ),
    ])
    func `a constraint that means nothing is refused`(constraint: String, error: String) throws {
        try expect(.rule("", ("/constraints(1)", [error]))) {
            _ = try Self.resolve(
                #"{"id": "a", "cmd": "ls", "constraints": [["h", "LIKE", "a.*"], \#(constraint)]}"#)
        }
    }

    @Test func `a version stands alone, and means nothing in a creation or a full replacement`() throws {
        func change(_ body: String, isFull: Bool = false) throws -> AppChange {
            try AppChange(Array(body.utf8), of: "/g/a", isFull: isFull)
        }
        let version = "2024-01-01T00:00:00.000Z"
        #expect(try change(#"{"version": "\#(version)"}"#) == .rollback(version: version))
        #expect(
            try change(#"{"version": "\#(version)", "id": "/g/a", "tasksRunning": 1}"#) == .rollback(version: version))
        try expect(.rule("", ("/", ["The 'version' field may only be combined with the 'id' field."]))) {
            _ = try change(#"{"version": "\#(version)", "instances": 1}"#)
        }
        guard case .definition(let full) = try change(#"{"version": "x", "cmd": "ls"}"#, isFull: true) else {
            Issue.record("no definition")
            return
        }
        #expect(full.cmd == "ls" && full.id == "/g/a")
        let echoed = #"{"id": "a", "cmd": "ls", "version": 7, "tasksRunning": 1, "tasks": [], "deployments": {}}"#
        #expect(try AppChange.creation(Array(echoed.utf8)).id == "/a")
    }

    @Test func `the id of the body agrees with the path`() throws {
        for id in ["/g/a", "a", "g/a", "//g//a/", "./b/../a"] {
            guard case .definition(let change) = try AppChange(Array(#"{"id": "\#(id)"}"#.utf8), of: "/g/a") else {
                Issue.record("no definition")
                continue
            }
            #expect(change.id == "/g/a")
        }
        try expect(.rule("", ("/id", ["is /b, but the request's path says /g/a"]))) {
            _ = try AppChange(Array(#"{"id": "/b"}"#.utf8), of: "/g/a")
        }
    }

    @Test func `a list of changes is told apart by ids`() throws {
        let changes = try AppChange.list(Array(#"[{"id": "/a", "instances": 2}, {"id": "g/b", "version": "v"}]"#.utf8))
        var first = AppDefinition(id: "/a")
        first.instances = 2
        #expect(changes.map(\.id) == ["/a", "/g/b"])
        #expect(changes.map(\.change) == [.definition(first), .rollback(version: "v")])
        try expect(.json("", ("(1)/id", ["error.path.missing"]))) {
            _ = try AppChange.list(Array(#"[{"id": "/a"}, {}]"#.utf8))
        }
        try expect(.rule("", ("(0)/id", ["Identifier is not child of /. Hint: use relative paths."]))) {
            _ = try AppChange.list(Array(#"[{"id": "/../a"}]"#.utf8))
        }
        try expect(.rule("", ("/", ["Elements must be unique."]))) {
            _ = try AppChange.list(Array(#"[{"id": "/a"}, {"id": "a"}]"#.utf8))
        }
    }
}

import Foundation
import Marathon
import Testing

@testable import FlockEngine

@Suite struct DefinitionMergeTests {
    private func resolve(
        _ text: String, over existing: AppDefinition? = nil, isFull: Bool = false,
        ports: ClosedRange<Int> = 10_000...10_003
    ) throws -> AppDefinition {
        guard case .definition(let change) = try AppChange(Array(text.utf8), of: "/g/a", isFull: isFull) else {
            throw CancellationError()
        }
        return try change.resolved(over: existing, isFull: isFull) { taken in ports.first { !taken.contains($0) } }
    }

    @Test func `an app has Marathon's defaults`() throws {
        let app = try resolve(#"{"cmd": "ls", "healthChecks": [{"path": "x"}]}"#)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(
            String(decoding: try encoder.encode(app), as: UTF8.self)
                == #"{"backoffFactor":1.15,"backoffSeconds":1,"cmd":"ls","constraints":[],"cpus":1,"dependencies":[],"#
                + #""disk":0,"env":{},"executor":"","fetch":[],"gpus":0,"healthChecks":[{"gracePeriodSeconds":300,"#
                + #""ignoreHttp1xx":false,"intervalSeconds":60,"maxConsecutiveFailures":3,"path":"/x","portIndex":0,"#
                + #""protocol":"HTTP","timeoutSeconds":20}],"id":"/g/a","instances":1,"killSelection":"YOUNGEST_FIRST","#
                + #""labels":{},"maxLaunchDelaySeconds":300,"mem":128,"networks":[{"mode":"host"}],"#
                + #""portDefinitions":[{"name":"default","port":10000,"protocol":"tcp"}],"readinessChecks":[],"#
                + #""requirePorts":false,"unreachableStrategy":{"expungeAfterSeconds":0,"inactiveAfterSeconds":0},"#
                + #""upgradeStrategy":{"maximumOverCapacity":1,"minimumHealthCapacity":1}}"#)
    }

    @Test func `a complete definition stays as it is`() throws {
        for text in [
            #"{"cmd": "ls"}"#, #"{"args": ["a"], "ports": [0, 7, 0]}"#,
            #"{"container": {"docker": {"image": "i", "network": "BRIDGE", "portMappings": [{"containerPort": 80}]}}}"#,
        ] {
            let app = try resolve(text)
            #expect(try resolve("{}", over: app) == app)
            #expect(try resolve(#"{"instances": 1}"#, over: app) == app)
        }
    }

    @Test func `keys that are given replace those of the app as a whole`() throws {
        let app = try resolve(
            #"{"cmd": "ls", "env": {"A": "1", "B": "2"}, "labels": {"l": "1"}, "instances": 3, "mem": 64}"#)
        let changed = try resolve(#"{"env": {"A": "3"}, "cpus": 2, "mem": null, "unknown": {}}"#, over: app)
        #expect(changed.env == ["A": "3"] && changed.labels == ["l": "1"])
        #expect(changed.cpus == 2 && changed.mem == 64 && changed.instances == 3)
        let replaced = try resolve(#"{"cmd": "pwd"}"#, over: app, isFull: true)
        #expect(replaced.env == [:] && replaced.labels == [:] && replaced.instances == 1 && replaced.mem == 128)
        #expect(replaced.servicePorts == app.servicePorts)
    }

    @Test func `whole numbers may be written with a fraction, and words in any case`() throws {
        let app = try resolve(
            #"{"cmd": "ls", "instances": 2.0, "ports": [8e1], "killSelection": "oldest_first", "healthChecks": [{"protocol": "tcp"}]}"#
        )
        #expect(app.instances == 2 && app.servicePorts == [80] && app.killSelection == "OLDEST_FIRST")
        #expect(app.healthChecks?.first?.protocol == "TCP" && app.healthChecks?.first?.path == nil)
    }

    @Test func `ports are port definitions, and keep the numbers they were given`() throws {
        let app = try resolve(#"{"cmd": "ls", "ports": [0, 80, 0]}"#)
        #expect(app.ports == nil && app.servicePorts == [10_000, 80, 10_001] && app.portNames == [nil, nil, nil])
        #expect(try resolve(#"{"ports": [0, 0]}"#, over: app).servicePorts == [10_000, 80])
        // One that another index takes is not kept.
        #expect(try resolve(#"{"ports": [0, 10000]}"#, over: app).servicePorts == [10_001, 10_000])
        let named = try resolve(
            #"{"ports": [0, 80], "portDefinitions": [{"name": "web", "labels": {}}, {"port": 80, "protocol": "udp"}]}"#,
            over: app)
        #expect(named.portNames == ["web", nil] && named.servicePorts == [10_000, 80])
        #expect(named.portDefinitions?.map(\.protocol) == ["tcp", "udp"] && named.portDefinitions?[0].labels == nil)
        #expect(try resolve(#"{"portDefinitions": []}"#, over: app).portCount == 0)
        #expect(try resolve(#"{"cmd": "ls", "ports": [9], "requirePorts": true}"#).servicePorts == [9])
    }

    @Test func `no service port left is an error with its path`() throws {
        let error = try #require(throws: EngineError.self) {
            try resolve(#"{"cmd": "ls", "ports": [0, 0, 0, 0, 0]}"#)
        }
        #expect(error.details.map(\.path) == ["/portDefinitions(4)/port"])
    }

    @Test func `uris are what is fetched`() throws {
        let app = try resolve(#"{"cmd": "ls", "uris": ["http://h/a.tgz", "/b"]}"#)
        #expect(app.uris == nil)
        #expect(app.artifacts == [Fetch(uri: "http://h/a.tgz"), Fetch(uri: "/b", extract: false)])
        #expect(try resolve(#"{"fetch": [{"uri": "/c"}]}"#, over: app).artifacts == [Fetch(uri: "/c")])
        #expect(try resolve(#"{"uris": []}"#, over: app).artifacts == [])
    }

    @Test func `the old way to tell a container's network is translated, and the app is not runnable here`() throws {
        let app = try resolve(
            #"""
            {"container": {"type": "DOCKER", "docker": {"image": "redis", "network": "BRIDGE", "portMappings":
             [{"containerPort": 6379, "servicePort": 0, "name": "redis"}, {"hostPort": 5}]}}, "requirePorts": true,
             "ports": [0]}
            """#)
        #expect(app.networks == [Network(mode: "container/bridge")] && app.portDefinitions == nil)
        #expect(app.container?.docker?.network == nil && app.container?.docker?.portMappings == nil)
        #expect(app.container?.portMappings?.map(\.servicePort) == [10_000, 10_001])
        #expect(app.container?.portMappings?.map(\.hostPort) == [0, 5] && app.requirePorts == false)
        #expect(app.portNames == ["redis", nil] && app.portCount == 2)
        #expect(app.obstacle == "the image redis needs a container runtime")
        let host = try resolve(
            #"{"container": {"docker": {"image": "i", "network": "HOST", "portMappings": [{"containerPort": 1}]}}}"#)
        #expect(host.portNames == ["default"] && host.container?.portMappings == nil)
        let bridge = try resolve(#"{"cmd": "ls", "networks": [{"mode": "container/bridge"}]}"#)
        #expect(bridge.obstacle == "the network container/bridge needs a container runtime")
        #expect(bridge.container?.portMappings?.map(\.name) == ["default"])
        #expect(try resolve(#"{"cmd": "ls"}"#).obstacle == nil)
    }

    @Test func `health checks are completed by their protocol`() throws {
        let app = try resolve(
            #"""
            {"cmd": "ls", "ports": [0, 0], "healthChecks": [{"port": 80}, {"protocol": "TCP", "path": "/x", "portIndex": 1},
             {"protocol": "COMMAND", "command": {"value": "true"}, "portIndex": 9}, {"protocol": "MESOS_HTTP"}]}
            """#)
        let checks = try #require(app.healthChecks)
        #expect(checks.map(\.portIndex) == [nil, 1, nil, 0] && checks.map(\.path) == ["/", nil, nil, "/"])
        #expect(checks.map(\.delaySeconds) == [nil, nil, 15, 15])
    }

    @Test func `an app of one instance is replaced without overlap`() throws {
        let label = #""labels": {"MARATHON_SINGLE_INSTANCE_APP": "true"}"#
        let app = try resolve(#"{"cmd": "ls", \#(label)}"#)
        #expect(app.upgradeStrategy == UpgradeStrategy(minimumHealthCapacity: 0, maximumOverCapacity: 0))
    }

    @Test func `what an older engine stored is read as if it were said today`() throws {
        var stored = AppDefinition(id: "/g/a")
        stored.cmd = "ls"
        stored.ports = [10_002]
        stored.uris = ["/x"]
        #expect(stored.servicePorts == [10_002] && stored.artifacts.map(\.uri) == ["/x"])
        let app = try resolve(#"{"ports": [0]}"#, over: stored)
        #expect(app.servicePorts == [10_002] && app.artifacts.map(\.uri) == ["/x"] && app.ports == nil)
    }

    @Test(arguments: ["/a", "..", "a/../b", "", "a\u{0}", "../\u{301}a", "/\u{301}a", "a/../\u{301}"])
    func `what is fetched stays in the sandbox`(path: String) throws {
        var app = try resolve(#"{"cmd": "ls"}"#)
        app.fetch = [Fetch(uri: "/x", destPath: path), Fetch(uri: "/x", destPath: "a/..b/c.d")]
        #expect(app.violations().details.map(\.path) == ["/fetch(0)/destPath"])
    }

    @Test func `dependencies are neighbours of the app`() throws {
        #expect(
            try resolve(#"{"cmd": "ls", "dependencies": ["b", "../c", "/d", "b/../e"]}"#).dependencies
                == ["/g/b", "/c", "/d", "/g/e"])
    }

    @Test(arguments: [
        ("a", "/", "/a"), ("a", "/g", "/g/a"), ("/a//b/", "/g", "/a/b"), ("./a", "/g", "/g/a"),
        ("../a", "/g/h", "/g/a"),
        ("", "/g", "/g"), ("..", "/g", "/"), ("..", "/", nil), ("/../a", "/g", nil), ("a/../..", "/", nil),
    ])
    func `ids are resolved`(text: String, base: String, id: String?) {
        #expect(DefinitionPath.resolve(text, under: base) == id)
    }
}

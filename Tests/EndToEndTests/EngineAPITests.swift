import FlockTesting
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// Status, headers and body of every answer that a client of Marathon may look at.
@Suite(.serialized)
struct EngineAPITests {
    private static let sleeper = #""cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32"#
    /// An app that needs Docker waits for ever, and its deployment with it.
    private static let docker = #""instances": 1, "container": {"type": "DOCKER", "docker": {"image": "nginx"}}"#

    private static let locked =
        "App is locked by one or more deployments. Override with the option '?force=true'. "
        + "View details at '/v2/deployments/<DEPLOYMENT_ID>'."

    /// - Parameter more: further keys.
    private func app(_ id: String, instances: Int = 0, _ more: String = "") -> String {
        #"{"id": "\#(id)", "instances": \#(instances), \#(Self.sleeper)\#(more.isEmpty ? "" : ", ")\#(more)}"#
    }

    // MARK: Who may ask

    @Test("no token 401, a wrong one 401, reading token: 200 to read and 403 to change; basic, bearer and token=")
    func access() async throws {
        try await EngineSite.run { site in
            let stranger = try await site.ask(.GET, "/v2/apps", as: .nobody)
            #expect(stranger.status == 401)
            #expect(stranger["message"] as? String == "Invalid username or password.")
            #expect(stranger.headers.first(name: "WWW-Authenticate")?.hasPrefix("Basic realm=") == true)
            for wrong in ["Bearer wrong", "Basic !", "Basic d3Jvbmc=", "token=", "Bearer", "", "Digest x"] {
                let answer = try await site.ask(.GET, "/v2/info", as: .nobody, headers: ["Authorization": wrong])
                #expect(answer.status == 401, "\(wrong)")
            }
            let bearer = try #require(try site.authorization())
            let token = bearer.dropFirst("Bearer ".count)
            let basic = Data("any:\(token)".utf8).base64EncodedString()
            for right in [bearer, "bearer \(token)", "Basic \(basic)", "token=\(token)"] {
                let answer = try await site.ask(.GET, "/v2/info", as: .nobody, headers: ["Authorization": right])
                #expect(answer.status == 200)
            }
            for path in ["apps", "apps//none/tasks", "groups", "tasks", "queue", "deployments", "leader"] {
                let status = try await site.ask(.GET, "/v2/\(path)", as: .reader).status
                #expect(status == (path == "apps//none/tasks" ? 404 : 200), "\(path)")
            }
            let changes: [(HTTPMethod, String)] = [
                (.POST, "/v2/apps"), (.PUT, "/v2/apps/a"), (.PATCH, "/v2/apps/a"), (.DELETE, "/v2/apps/a"),
                (.PUT, "/v2/apps"), (.POST, "/v2/apps/a/restart"), (.DELETE, "/v2/apps/a/tasks"),
                (.POST, "/v2/tasks/delete"), (.POST, "/v2/groups"), (.PUT, "/v2/groups/a"), (.DELETE, "/v2/groups/a"),
                (.DELETE, "/v2/deployments/a"), (.DELETE, "/v2/queue/a/delay"), (.DELETE, "/v2/leader"),
                (.PUT, "/v2/groups/a?dryRun=true"),
            ]
            for (method, path) in changes {
                let answer = try await site.ask(method, path, app("/a"), as: .reader)
                #expect(answer.status == 403, "\(method) \(path)")
                #expect(answer["message"] as? String == "Not Authorized to perform this action!")
                #expect(try await site.ask(method, path, app("/a"), as: .nobody).status == 401, "\(method) \(path)")
            }
            #expect(try await site.ask(.GET, "/v2/apps")["apps", 0] == nil)
        }
    }

    @Test("over the limit: 429 with Retry-After, for one caller and not for the other")
    func tooMany() async throws {
        try await EngineSite.run(settings: ["engine.requestsPerSecond=2"]) { site in
            var answers: [EngineSite.Answer] = []
            try await eventually("a request too many") {
                answers.append(try await site.ask(.GET, "/v2/leader", as: .reader))
                return answers.last?.status == 429
            }
            #expect(answers.dropLast().allSatisfy { $0.status == 200 })
            #expect(answers.count > 4)
            #expect(answers.last?["message"] as? String == "Too many requests")
            #expect((answers.last?.headers.first(name: "Retry-After")).flatMap { Int($0) } == 1)
            #expect(try await site.ask(.GET, "/v2/leader", as: .changer).status == 200)
            #expect(try await site.ask(.GET, "/ping", as: .nobody).status == 200)
            try await eventually("it may ask again") {
                try await site.ask(.GET, "/v2/leader", as: .reader).status == 200
            }
        }
    }

    // MARK: The engine itself

    @Test("/ping by Accept, info, leader, unknown paths and methods")
    func about() async throws {
        try await EngineSite.run { site in
            let pings: [(accept: String?, status: Int, body: String, type: String?)] = [
                (nil, 200, "pong", "text/plain"), ("*/*", 200, "pong", "text/plain"),
                ("text/html", 200, "pong", "text/plain"), ("text/plain;q=0.5", 200, "pong", "text/plain"),
                ("application/json", 200, "\"pong\"", "application/json"), ("image/png", 204, "", nil),
            ]
            for ping in pings {
                let answer = try await site.ask(
                    .GET, "/ping", as: .nobody, headers: ping.accept.map { ["Accept": $0] } ?? [:])
                #expect(answer.status == ping.status && answer.text == ping.body, "\(ping)")
                #expect(
                    answer.headers.first(name: "Content-Type").map { $0.prefix { $0 != ";" } }
                        == ping.type.map { $0[...] })
            }
            let info = try await site.ask(.GET, "/v2/info")
            #expect(info["name"] as? String == "marathon" && info["elected"] as? Bool == true)
            #expect(info["http_config", "http_port"] as? Int == site.port)
            #expect(try await site.ask(.GET, "/v2/leader")["leader"] as? String == "127.0.0.1:\(site.port)")
            #expect(try await site.ask(.DELETE, "/v2/leader").text == #"{"message":"Leadership abdicated"}"#)
            for path in ["/", "/v2", "/v2/none", "/v2/deployments/a/b", "/v3/apps"] {
                #expect([404, 405].contains(try await site.ask(.DELETE, path).status), "\(path)")
            }
            let misused: [(HTTPMethod, String)] = [
                (.POST, "/v2/apps/a"), (.POST, "/v2/info"), (.PUT, "/v2/tasks"), (.DELETE, "/v2/apps"),
                (.PUT, "/v2/apps/a/restart"), (.GET, "/v2/apps/a/restart"), (.DELETE, "/v2/apps/a/versions"),
                (.POST, "/v2/apps/a/tasks"), (.GET, "/v2/tasks/delete"), (.DELETE, "/v2/queue/a"),
                (.POST, "/v2/queue"), (.PUT, "/v2/groups/a/versions"), (.POST, "/v2/groups/a/versions/b"),
                (.POST, "/v2/deployments"), (.DELETE, "/v2/deployments"), (.POST, "/v2/events"),
            ]
            for (method, path) in misused {
                let answer = try await site.ask(method, path, app("/a"))
                #expect([404, 405].contains(answer.status), "\(method) \(path): \(answer.status)")
            }
        }
    }

    // MARK: Bodies

    @Test("broken JSON 400, wrong types and broken rules 422 with every place, and nothing has changed")
    func refused() async throws {
        try await EngineSite.run { site in
            #expect(try await site.ask(.POST, "/v2/apps", app("/a")).status == 201)
            #expect(try await site.ask(.POST, "/v2/apps", app("/g/b")).status == 201)
            let before = try await site.ask(.GET, "/v2/groups").text

            for (method, path) in [(.POST, "/v2/apps"), (.PUT, "/v2/apps/a"), (.PUT, "/v2/groups"), (.PUT, "/v2/apps")]
                as [(HTTPMethod, String)]
            {
                for body in ["", "  ", "{", #"{"id": "x""#, "[1,]", "nul", #"{"a": 01}"#, "{} {}"] {
                    let answer = try await site.ask(method, path, body)
                    #expect(answer.status == 400, "\(method) \(path) \(body)")
                    #expect(answer["message"] as? String == "Invalid JSON")
                    let details = try #require(answer["details"] as? String)
                    let isEmpty = body.allSatisfy(\.isWhitespace)
                    #expect(!isEmpty || details == "Please specify data in JSON format")
                }
            }
            // Of what cannot be read: the message, one path and one error.
            let unread: [(body: String, path: String, error: String)] = [
                (#"{"id": 1, "cmd": "ls"}"#, "/id", "error.expected.jsstring"),
                (#"{"cmd": "ls"}"#, "/id", "error.path.missing"),
                (#"{"id": "x", "cmd": "ls", "cpus": "1"}"#, "/cpus", "error.expected.jsnumber"),
                (#"{"id": "x", "cmd": "ls", "cpus": 0}"#, "/cpus", "error.min"),
                (#"{"id": "x", "cmd": "ls", "instances": -1}"#, "/instances", "error.min"),
                (#"{"id": "x", "cmd": "ls", "instances": 1.5}"#, "/instances", "error.expected.int"),
                (#"{"id": "x", "cmd": "ls", "env": []}"#, "/env", "error.expected.jsobject"),
                (#"{"id": "x", "cmd": "ls", "env": {"A": 1}}"#, "/env/A", "error.expected.jsstring"),
                (#"{"id": "x", "cmd": "ls", "ports": [0, 70000]}"#, "/ports(1)", "error.max"),
                (
                    #"{"id": "x", "cmd": "ls", "upgradeStrategy": {"minimumHealthCapacity": 1}}"#,
                    "/upgradeStrategy/maximumOverCapacity", "error.path.missing"
                ),
                ("[]", "/", "error.expected.jsobject"),
            ]
            for (body, path, error) in unread {
                let answer = try await site.ask(.POST, "/v2/apps", body)
                #expect(
                    answer.status == 422 && answer["message"] as? String == "Invalid JSON", "\(body) \(answer.text)")
                #expect(answer["details", 0, "path"] as? String == path, "\(body) \(answer.text)")
                #expect(answer["details", 0, "errors", 0] as? String == error, "\(body) \(answer.text)")
            }
            let invalid: [(body: String, path: String)] = [
                (#"{"id": "X", "cmd": "ls"}"#, "/id"), (#"{"id": "/", "cmd": "ls"}"#, "/id"),
                (#"{"id": "../x", "cmd": "ls"}"#, "/id"), (#"{"id": "a_b", "cmd": "ls"}"#, "/id"),
                (#"{"id": "/x/tasks", "cmd": "ls"}"#, "/id"), (#"{"id": "/g", "cmd": "ls"}"#, "/id"),
                (#"{"id": "/a/below", "cmd": "ls"}"#, "/"),
                (#"{"id": "\#(String(repeating: "a", count: 250))", "cmd": "ls"}"#, "/id"),
                (#"{"id": "x"}"#, "/"), (#"{"id": "x", "cmd": "ls", "args": ["ls"]}"#, "/"),
                (
                    #"{"id": "x", "cmd": "ls", "upgradeStrategy": {"minimumHealthCapacity": 1.2, "maximumOverCapacity": 0}}"#,
                    "/upgradeStrategy/minimumHealthCapacity"
                ),
                (#"{"id": "x", "cmd": "ls", "ports": [80], "portDefinitions": [{"port": 81}]}"#, "/"),
                (#"{"id": "x", "cmd": "ls", "dependencies": ["/x"]}"#, "/"),
                (#"{"id": "x", "cmd": "ls", "constraints": [["hostname", "NEAR"]]}"#, "/constraints(0)"),
                (#"{"id": "x", "cmd": "ls", "instances": 2, "labels": {"MARATHON_SINGLE_INSTANCE_APP": "true"}}"#, "/"),
                (
                    #"{"id": "x", "cmd": "ls", "healthChecks": [{"protocol": "HTTP", "portIndex": 3}]}"#,
                    "/healthChecks(0)"
                ),
            ]
            for (body, path) in invalid {
                let answer = try await site.ask(.POST, "/v2/apps", body)
                #expect(answer.status == 422, "\(body) \(answer.text)")
                #expect(answer["message"] as? String == "Object is not valid", "\(body) \(answer.text)")
                let paths = (answer["details"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }
                #expect(paths.contains(path), "\(body) \(answer.text)")
            }
            let strategy = try await site.ask(.POST, "/v2/apps", invalid[10].body)
            #expect(strategy["details", 0, "errors", 0] as? String == "got 1.2, expected between 0.0 and 1.0")

            let version = try await site.ask(.PUT, "/v2/apps/a", #"{"version": "v", "instances": 1}"#)
            #expect(version.status == 422)
            #expect(version.text.contains("The 'version' field may only be combined with the 'id' field."))
            #expect(try await site.ask(.PUT, "/v2/apps/a", #"{"version": "2020-01-01T00:00:00.000Z"}"#).status == 404)
            // Two apps of a list that depend on each other.
            let cycle = try await site.ask(
                .PUT, "/v2/apps",
                "[\(app("/x", #""dependencies": ["/y"]"#)), \(app("/y", #""dependencies": ["/x"]"#))]")
            #expect(cycle.status == 422 && cycle.text.contains("Dependency graph has cyclic dependencies."))
            let twice = try await site.ask(.PUT, "/v2/apps", "[\(app("/x")), \(app("x"))]")
            #expect(twice.status == 422, "\(twice.text)")
            let scaleBy = try await site.ask(.PUT, "/v2/groups/g", #"{"scaleBy": 2, "apps": []}"#)
            #expect(scaleBy.status == 422)
            #expect(scaleBy["details", 0, "path"] as? String == "/scaleBy")
            #expect(try await site.ask(.PUT, "/v2/groups/g", #"{"scaleBy": -1}"#).status == 422)
            #expect(try await site.ask(.GET, "/v2/apps?label=a%20b").status == 422)
            #expect(try await site.ask(.POST, "/v2/tasks/delete", #"{"ids": ["nonsense"]}"#).status == 400)
            #expect(try await site.ask(.POST, "/v2/tasks/delete", #"{"ids": "x.y"}"#).status == 422)
            #expect(try await site.ask(.GET, "/v2/groups").text == before)
        }
    }

    // MARK: Apps

    @Test("create: 201 with Location and Marathon-Deployment-Id; twice 409 without deployments; locked 409 with them")
    func create() async throws {
        try await EngineSite.run { site in
            let created = try await site.ask(.POST, "/v2/apps", app("a"))
            #expect(created.status == 201)
            #expect(created.headers.first(name: "Content-Type") == "application/json")
            #expect(created.headers.first(name: "Location") == "/v2/apps/a")
            #expect(created["id"] as? String == "/a")
            #expect(created["deployments", 0, "id"] as? String == created.headers.first(name: "Marathon-Deployment-Id"))
            for key in ["tasksStaged", "tasksRunning", "tasksHealthy", "tasksUnhealthy"] {
                #expect(created[key] as? Int == 0)
            }
            let again = try await site.ask(.POST, "/v2/apps", app("/a"))
            #expect(again.status == 409)
            #expect(again["message"] as? String == "An app with id [/a] already exists.")
            #expect(again["deployments"] == nil)

            let boxed = try await site.ask(.POST, "/v2/apps", #"{"id": "/boxed", \#(Self.docker)}"#)
            #expect(boxed.status == 201)
            for (method, path, body) in [
                (.PUT, "/v2/apps/boxed", #"{"instances": 2}"#), (.POST, "/v2/apps/boxed/restart", nil),
                (.DELETE, "/v2/apps/boxed?force=False", nil), (.DELETE, "/v2/groups/", nil),
            ] as [(HTTPMethod, String, String?)] {
                let locked = try await site.ask(method, path, body)
                #expect(locked.status == 409, "\(method) \(path) \(locked.text)")
                #expect(locked["message"] as? String == Self.locked)
                #expect(locked["deployments", 0, "id"] as? String == boxed["deployments", 0, "id"] as? String)
            }
            // As Python writes it.
            let forced = try await site.ask(.PUT, "/v2/apps//boxed?force=True", #"{"instances": 2}"#)
            #expect(forced.status == 200)
            #expect(Set((forced.json as? [String: Any] ?? [:]).keys) == ["version", "deploymentId"])
            #expect(forced["deploymentId"] as? String == forced.headers.first(name: "Marathon-Deployment-Id"))
            // Deletion alone is forced unless told not to.
            #expect(try await site.ask(.DELETE, "/v2/apps/boxed").status == 200)
            try await site.isQuiet()
            let gone = try await site.ask(.GET, "/v2/apps/boxed")
            #expect(gone.status == 404 && gone["message"] as? String == "App '/boxed' does not exist")
        }
    }

    @Test("PUT merges top-level keys, partialUpdate=false replaces all, an unknown app is created, PATCH 404s")
    func update() async throws {
        try await EngineSite.run { site in
            let new = try await site.ask(
                .PUT, "/v2/apps/a",
                #"{"instances": 0, \#(Self.sleeper), "env": {"A": "1", "B": "2"}, "labels": {"l": "1"}}"#)
            #expect(new.status == 201)
            try await site.isQuiet()
            let first = try await site.ask(.GET, "/v2/apps/a")
            let version = try #require(first["app", "version"] as? String)
            let merged = try await site.ask(.PUT, "/v2/apps/a", #"{"env": {"C": "3"}, "cmd": null, "unknown": {}}"#)
            #expect(merged.status == 200)
            let app = try await site.ask(.GET, "/v2/apps//a/")
            #expect(app["app", "env"] as? [String: String] == ["C": "3"])
            #expect(app["app", "labels"] as? [String: String] == ["l": "1"])
            #expect(app["app", "cmd"] as? String == "exec sleep 1000")
            #expect(app["app", "version"] as? String == merged["version"] as? String)

            // What is the same is no change.
            let same = try await site.ask(.PUT, "/v2/apps/a", #"{"env": {"C": "3"}}"#)
            #expect(same.status == 200 && same["version"] as? String == merged["version"] as? String)
            let full = try await site.ask(
                .PUT, "/v2/apps/a?partialUpdate=false", #"{"cmd": "exec sleep 900", "instances": 0}"#)
            #expect(full.status == 200)
            let replaced = try await site.ask(.GET, "/v2/apps/a")
            #expect((replaced["app", "env"] as? [String: String] ?? [:]).isEmpty)
            #expect(replaced["app", "cpus"] as? Double == 1)

            let patch = try await site.ask(.PATCH, "/v2/apps/none", #"{"instances": 0}"#)
            #expect(patch.status == 404 && patch["message"] as? String == "App '/none' does not exist")
            #expect(try await site.ask(.PATCH, "/v2/apps/a", #"{"cpus": 0.5}"#).status == 200)
            #expect(try await site.ask(.PATCH, "/v2/apps", #"[{"id": "none", "cpus": 1}]"#).status == 404)
            #expect(try await site.ask(.PUT, "/v2/apps", "[\(self.app("/a")), \(self.app("b"))]").status == 200)

            // Scaling moves one date, a configuration both.
            let before = try await site.ask(.GET, "/v2/apps/a")["app", "versionInfo", "lastConfigChangeAt"] as? String
            try await site.isQuiet()
            let scaled = try await site.ask(.PUT, "/v2/apps/a", #"{"instances": 1}"#)
            try await site.isQuiet()
            let after = try await site.ask(.GET, "/v2/apps/a")
            #expect(after["app", "versionInfo", "lastConfigChangeAt"] as? String == before)
            #expect(after["app", "versionInfo", "lastScalingAt"] as? String == scaled["version"] as? String)

            let versions = try await site.ask(.GET, "/v2/apps/a/versions")["versions"] as? [String] ?? []
            #expect(versions.contains(version) && versions == versions.sorted(by: >))
            let former = try await site.ask(.GET, "/v2/apps/a/versions/\(version)")
            #expect(former["env"] as? [String: String] == ["A": "1", "B": "2"])
            #expect(former["version"] as? String == version && former["tasksRunning"] == nil)
            #expect(try await site.ask(.PUT, "/v2/apps/a", #"{"version": "\#(version)"}"#).status == 200)
            try await site.isQuiet()
            #expect(
                try await site.ask(.GET, "/v2/apps/a")["app", "env"] as? [String: String] == ["A": "1", "B": "2"])
            #expect(try await site.ask(.GET, "/v2/apps/a/versions/2020-01-01T00:00:00.000Z").status == 404)
            #expect(try await site.ask(.GET, "/v2/apps/none/versions").status == 404)
            // A path is read as an id is, and names the same app.
            for path in ["/v2/apps/x/../a", "/v2/apps/./a", "/v2/apps/%61", "/v2/apps/x%2F..%2F%2Fa"] {
                #expect(try await site.ask(.GET, path)["app", "id"] as? String == "/a", "\(path)")
            }
        }
    }

    @Test("lists: cmd, id, label selectors, embeds, GROUP/*")
    func lists() async throws {
        try await EngineSite.run { site in
            for (id, labels) in [
                ("/one", #"{"tier": "front", "a.b/c": "x y"}"#), ("/g/two", #"{"tier": "back"}"#), ("/g/h/three", "{}"),
            ] {
                let answer = try await site.ask(.POST, "/v2/apps", app(id, #""labels": \#(labels)"#))
                #expect(answer.status == 201)
            }
            func ids(_ query: String, _ key: String = "apps") async throws -> [String] {
                let answer = try await site.ask(.GET, "/v2/apps\(query)")
                #expect(answer.status == 200, "\(query) \(answer.text)")
                return (answer[key] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
            }
            let all = ["/g/h/three", "/g/two", "/one"]
            for (query, expected) in [
                ("", all), ("?cmd=SLEEP", all), ("?cmd=http", []), ("?id=TWO", ["/g/two"]),
                ("?id=/g", Array(all[..<2])),
                ("?label=tier", ["/g/two", "/one"]), ("?label=tier==front", ["/one"]),
                ("?label=tier%3D%3Dfront", ["/one"]), ("?label=tier!=front", ["/g/h/three", "/g/two"]),
                ("?label=tier+in+(front,back)", ["/g/two", "/one"]), ("?label=tier%20in%20(back)", ["/g/two"]),
                ("?label=tier%20notin%20(back)", ["/g/h/three", "/one"]), ("?label=tier,tier!=back", ["/one"]),
                (#"?label=a.b/c==x%5C%20y"#, ["/one"]), ("?unknown=1&label=none", []), ("?force=True&embed=none", all),
            ] as [(String, [String])] {
                #expect(try await ids(query) == expected, "\(query)")
            }
            #expect(try await ids("/g/*", "*") == ["/g/h/three", "/g/two"])
            #expect(try await ids("/g/h/*", "*") == ["/g/h/three"])

            #expect(try await site.ask(.PUT, "/v2/apps/one", #"{"instances": 1}"#).status == 200)
            try await site.isQuiet()
            let plain = try await site.ask(.GET, "/v2/apps?id=one")
            #expect(plain["apps", 0, "tasks"] == nil && plain["apps", 0, "tasksRunning"] as? Int == 1)
            #expect(plain["apps", 0, "deployments"] as? [String] == [])
            for prefix in ["apps.", "app.", "group.apps.", ""] {
                let embedded = try await site.ask(
                    .GET, "/v2/apps?id=one&embed=\(prefix)tasks&embed=\(prefix)taskStats&embed=\(prefix)readiness")
                #expect(embedded["apps", 0, "tasks", 0, "state"] as? String == "TASK_RUNNING", "\(prefix)")
                #expect(
                    embedded["apps", 0, "taskStats", "totalSummary", "stats", "counts", "running"] as? Int == 1)
                #expect(embedded["apps", 0, "readinessCheckResults"] as? [String] == [])
            }
            let task = try await site.ask(.GET, "/v2/tasks?status=running")
            #expect(task["tasks", 0, "appId"] as? String == "/one")
            #expect((task["tasks", 0, "servicePorts"] as? [Int])?.count == 1)
            #expect(try await site.ask(.GET, "/v2/tasks?status[]=running")["tasks", 0] != nil)
            #expect(try await site.ask(.GET, "/v2/tasks?status=staging")["tasks", 0] == nil)
            #expect(try await site.ask(.GET, "/v2/apps/one/tasks")["tasks", 0, "servicePorts"] == nil)
            let none = try await site.ask(.GET, "/v2/apps/none/tasks")
            #expect(none.status == 404 && none["message"] as? String == "App '/none' does not exist")
        }
    }

    // MARK: Tasks

    @Test("kills: with and without scale, scale and wipe 400, unknown task 404, one named twice counts once")
    func kills() async throws {
        try await EngineSite.run { site in
            #expect(try await site.ask(.POST, "/v2/apps", app("/a", instances: 3)).status == 201)
            try await site.isQuiet()
            func tasks() async throws -> [String] {
                let tasks = try await site.ask(.GET, "/v2/apps/a/tasks")["tasks"] as? [[String: Any]] ?? []
                return tasks.filter { $0["state"] as? String == "TASK_RUNNING" }.compactMap { $0["id"] as? String }
            }
            func instances() async throws -> Int? {
                try await site.ask(.GET, "/v2/apps/a")["app", "instances"] as? Int
            }
            let first = try await tasks()
            #expect(first.count == 3)
            for (method, path) in [
                (.DELETE, "/v2/apps/a/tasks"), (.DELETE, "/v2/apps/a/tasks/\(first[0])"), (.POST, "/v2/tasks/delete"),
            ] as [(HTTPMethod, String)] {
                let both = try await site.ask(method, "\(path)?scale=true&wipe=True", #"{"ids": ["\#(first[0])"]}"#)
                #expect(both.status == 400)
                #expect(both["message"] as? String == "You cannot use scale and wipe at the same time.")
            }
            for scale in ["", "?scale=true"] {
                let missing = try await site.ask(.DELETE, "/v2/apps/a/tasks/a.none\(scale)")
                #expect(missing.status == 404 && missing["message"] as? String == "Task 'a.none' does not exist")
            }
            #expect(try await site.ask(.DELETE, "/v2/apps/none/tasks").status == 404)
            #expect(try await tasks() == first)

            let one = try await site.ask(.DELETE, "/v2/apps/a/tasks/\(first[0])")
            #expect(one.status == 200 && one["task", "id"] as? String == first[0])
            try await eventually("it is replaced") {
                let now = try await tasks()
                return now.count == 3 && !now.contains(first[0])
            }
            #expect(try await instances() == 3)
            let elsewhere = try await site.ask(.DELETE, "/v2/apps/a/tasks?host=elsewhere")
            #expect(elsewhere.status == 200 && (elsewhere["tasks"] as? [Any])?.isEmpty == true)

            let second = try await tasks()
            let twice = try await site.ask(
                .POST, "/v2/tasks/delete?scale=true", #"{"ids": ["\#(second[0])", "\#(second[0])", "x.unknown"]}"#)
            #expect(twice.status == 200 && twice["deploymentId"] != nil)
            #expect(try await instances() == 2)
            try await site.isQuiet()
            #expect(Set(try await tasks()) == Set(second[1...]))
            #expect(try await site.ask(.DELETE, "/v2/apps/a/tasks/\(second[1])?scale=true")["version"] != nil)
            try await site.isQuiet()
            let all = try await site.ask(.DELETE, "/v2/apps/a/tasks?scale=True")
            #expect(all.status == 200 && all["deploymentId"] != nil)
            try await site.isQuiet()
            #expect(try await instances() == 0)
            #expect(try await tasks().isEmpty)
        }
    }

    // MARK: Files

    @Test("/files/read: parts of a task's output, and nothing else, whatever the task puts in its place")
    func files() async throws {
        try await EngineSite.run { site in
            let commands = [
                "talker": "echo hello; exec sleep 1000",
                "linker": "ln -sf /etc/passwd stdout; echo done >&2; exec sleep 1000",
                "piper": "rm stdout; mkfifo stdout; echo done >&2; exec sleep 1000",
                "nester": "rm stdout; mkdir stdout; echo done >&2; exec sleep 1000",
            ]
            for (id, command) in commands {
                let body = #"{"id": "/\#(id)", "cmd": "\#(command)", "cpus": 0.1, "mem": 32}"#
                #expect(try await site.ask(.POST, "/v2/apps", body).status == 201)
            }
            func read(_ path: String, _ range: String = "") async throws -> EngineSite.Answer {
                try await site.ask(.GET, "/files/read?path=\(path)\(range)", as: .reader)
            }
            try await eventually("it has spoken") {
                try await read("latest/talker/stdout")["data"] as? String == "hello\n"
            }
            let task = try await site.ask(.GET, "/v2/apps/talker/tasks")["tasks", 0, "id"] as? String ?? ""
            #expect(
                try await read("\(task)/stdout", "&offset=1&length=3").text == #"{"data":"ell","length":3,"offset":1}"#)
            #expect(try await read("\(task)/stdout", "&offset=-2").text == #"{"data":"o\n","length":2,"offset":4}"#)
            #expect(
                try await read("\(task)/stdout", "&offset=99&length=-1").text == #"{"data":"","length":0,"offset":6}"#)
            for id in commands.keys where id != "talker" {
                try await eventually("\(id) has done it") {
                    try await read("latest/\(id)/stderr")["data"] as? String == "done\n"
                }
                #expect(try await read("latest/\(id)/stdout").status == 404, "\(id)")
            }
            for path in [
                "", "stdout", "\(task)", "\(task)/none", "../\(task)/stdout", "x/\(task)/stdout", "..%2Fstdout",
                "/etc/passwd",
                "%00/stdout", "\(task)%00/stdout", "x%2F%CC%81/stdout", "latest/none/stdout", "latest/../stdout",
            ] {
                #expect(try await read(path).status == 404, "\(path)")
            }
        }
    }

    @Test("/files/download: a whole file at the top of a sandbox, and nothing else, for those who may change")
    func downloads() async throws {
        try await EngineSite.run { site in
            let command =
                "head -c 3000000 /dev/zero >file; ln -s /etc/passwd link; ln file other; mkdir folder; "
                + "touch folder/in .hidden; mkfifo pipe; head -c 9 /dev/zero >small; echo done; exec sleep 1000"
            let body = #"{"id": "/maker", "cmd": "\#(command)", "cpus": 0.1, "mem": 32}"#
            #expect(try await site.ask(.POST, "/v2/apps", body).status == 201)
            try await eventually("it has made them") {
                try await site.ask(.GET, "/files/read?path=latest/maker/stdout")["data"] as? String == "done\n"
            }
            let task = try await site.ask(.GET, "/v2/apps/maker/tasks")["tasks", 0, "id"] as? String ?? ""
            func download(_ path: String) async throws -> EngineSite.Answer {
                try await site.ask(.GET, "/files/download?path=\(path)")
            }
            let small = try await download("\(task)/small")
            #expect(small.status == 200 && small.text == String(repeating: "\0", count: 9))
            // Two names may be one of another sandbox's.
            for name in ["file", "other", "link", "folder", "folder/in", ".hidden", "pipe", "none", "..", ""] {
                #expect(try await download("\(task)/\(name)").status == 404, "\(name)")
            }
            for path in [
                "", task, "../\(task)/small", "..%2Fsmall", "/etc/passwd", "\(task)%00/small", "x%2F%CC%81/small",
            ] {
                #expect(try await download(path).status == 404, "\(path)")
            }
            #expect(try await site.ask(.GET, "/files/download?path=\(task)/small", as: .reader).status == 403)
            #expect(try await site.ask(.GET, "/files/download?path=\(task)/small", as: .nobody).status == 401)
        }
    }

    // MARK: Groups

    @Test("groups: 201 and 409, dryRun, scaleBy and version, instances reset, what is left out is gone")
    func groups() async throws {
        try await EngineSite.run { site in
            #expect(try await site.ask(.GET, "/v2/groups")["id"] as? String == "/")
            let none = try await site.ask(.GET, "/v2/groups/g")
            #expect(none.status == 404 && none["message"] as? String == "Group '/g' does not exist")
            let body = """
                {"id": "/g", "apps": [{"id": "a", "instances": 2, \(Self.sleeper)}],
                 "groups": [{"id": "h", "dependencies": ["../a"], "apps": [{"id": "b", "instances": 1, \(Self.sleeper)}]}]}
                """
            let dry = try await site.ask(.PUT, "/v2/groups?dryRun=true", body)
            #expect(dry.status == 200)
            #expect(dry["steps", 0, "actions", 0, "action"] as? String == "StartApplication")
            #expect((dry["steps", 0, "actions"] as? [Any])?.count == 2)
            #expect(dry["steps", 1, "actions", 0, "app"] as? String == "/g/a", "\(dry.text)")
            #expect(dry["steps", 2, "actions", 0, "app"] as? String == "/g/h/b", "\(dry.text)")
            #expect(try await site.ask(.GET, "/v2/groups/g").status == 404)

            let created = try await site.ask(.POST, "/v2/groups", body)
            #expect(created.status == 201 && created["deploymentId"] != nil && created["version"] != nil)
            let again = try await site.ask(.POST, "/v2/groups?force=true", body)
            #expect(again.status == 409)
            #expect(again["message"] as? String == "Group /g is already created. Use PUT to change this group.")
            try await site.isQuiet()

            let group = try await site.ask(.GET, "/v2/groups/g")
            #expect(group["apps", 0, "id"] as? String == "/g/a" && group["pods"] as? [String] == [])
            #expect(group["groups", 0, "apps", 0, "tasksRunning"] as? Int == 1)
            #expect(group["groups", 0, "dependencies"] as? [String] == ["/g/a"])
            let bare = try await site.ask(.GET, "/v2/groups/g?embed=group.groups")
            #expect(bare["apps"] == nil && bare["groups", 0, "id"] as? String == "/g/h")

            func instances() async throws -> [Int?] {
                let group = try await site.ask(.GET, "/v2/groups/g")
                return [
                    group["apps", 0, "instances"] as? Int, group["groups", 0, "apps", 0, "instances"] as? Int,
                ]
            }
            #expect(try await site.ask(.PUT, "/v2/groups/g", #"{"scaleBy": 0.6}"#).status == 200)
            #expect(try await instances() == [2, 1])
            #expect(try await site.ask(.PUT, "/v2/groups/g", #"{"scaleBy": 0}"#).status == 200)
            #expect(try await instances() == [0, 0])
            try await site.isQuiet()
            let version = try #require(created["version"] as? String)
            let versions = try await site.ask(.GET, "/v2/groups/g/versions").json as? [String] ?? []
            #expect(versions.contains(version))
            let former = try await site.ask(.GET, "/v2/groups/g/versions/\(version)")
            #expect(former["apps", 0, "instances"] as? Int == 2 && former["apps", 0, "tasksRunning"] == nil)
            #expect(try await site.ask(.PUT, "/v2/groups/g", #"{"version": "\#(version)"}"#).status == 200)
            try await site.isQuiet()
            #expect(try await instances() == [2, 1])
            #expect(try await site.ask(.PUT, "/v2/groups/g", #"{"version": "1999-01-01T00:00:00.000Z"}"#).status == 404)

            // An app without instances has one again; the group that is left out is gone.
            let put = try await site.ask(
                .PUT, "/v2/groups/g", #"{"apps": [{"id": "a", \#(Self.sleeper)}], "groups": []}"#)
            #expect(put.status == 200)
            try await site.isQuiet()
            let after = try await site.ask(.GET, "/v2/groups/g")
            #expect(after["apps", 0, "instances"] as? Int == 1)
            #expect((after["groups"] as? [Any])?.isEmpty == true)
            #expect(try await site.ask(.GET, "/v2/apps/g/h/b").status == 404)
            let clash = try await site.ask(.POST, "/v2/groups", #"{"id": "/g/a"}"#)
            #expect(clash.status == 409 && clash["deployments"] == nil)
            let deleted = try await site.ask(.DELETE, "/v2/groups/g")
            #expect(deleted.status == 200 && deleted["deploymentId"] != nil)
            try await site.isQuiet()
            #expect(try await site.ask(.GET, "/v2/groups/g").status == 404)
            #expect(try await site.ask(.DELETE, "/v2/groups/g").status == 404)
        }
    }

    @Test("a group of a thousand apps, each depending on the one before: one deployment of as many steps")
    func chain() async throws {
        try await EngineSite.run { site in
            let apps = (0..<1000).map { number in
                app("a\(number)", number == 0 ? "" : #""dependencies": ["/g/a\#(number - 1)"]"#)
            }
            let body = #"{"id": "/g", "apps": [\#(apps.joined(separator: ","))]}"#
            let put = try await site.ask(.PUT, "/v2/groups", body)
            #expect(put.status == 201, "\(put.text)")
            try await site.isQuiet()
            #expect(try await site.ask(.GET, "/v2/apps/g/a999").status == 200)
            #expect(try await site.ask(.DELETE, "/v2/groups/g").status == 200)
        }
    }

    // MARK: Deployments and the queue

    @Test("a Docker app waits, with its reason; its deployment is reverted, or with force dropped")
    func deployments() async throws {
        try await EngineSite.run { site in
            #expect(try await site.ask(.POST, "/v2/apps", #"{"id": "/boxed", \#(Self.docker)}"#).status == 201)
            let deployment = try await site.ask(.GET, "/v2/deployments")
            #expect(deployment[0, "affectedApps"] as? [String] == ["/boxed"])
            #expect(deployment[0, "affectedPods"] as? [String] == [])
            #expect(deployment[0, "currentStep"] as? Int == 2 && deployment[0, "totalSteps"] as? Int == 2)
            #expect(deployment[0, "steps", 0, "actions", 0, "action"] as? String == "StartApplication")
            #expect(deployment[0, "currentActions", 0, "action"] as? String == "ScaleApplication")
            #expect(deployment[0, "currentActions", 0, "readinessCheckResults"] as? [String] == [])

            let queue = try await site.ask(.GET, "/v2/queue")
            #expect(queue["queue", 0, "app", "id"] as? String == "/boxed" && queue["queue", 0, "count"] as? Int == 1)
            #expect(queue["queue", 0, "delay", "overdue"] as? Bool == true)
            #expect(queue["queue", 0, "lastUnusedOffers"] == nil)
            try await eventually("an offer was looked at") {
                let queue = try await site.ask(.GET, "/v2/queue?embed=lastUnusedOffers")
                let reasons =
                    queue["queue", 0, "processedOffersSummary", "rejectSummaryLastOffers"] as? [[String: Any]] ?? []
                return queue["queue", 0, "lastUnusedOffers"] != nil
                    && reasons.contains {
                        $0["reason"] as? String == "UnsupportedContainer" && $0["declined"] as? Int == 1
                    }
            }
            let id = try #require(deployment[0, "id"] as? String)
            let none = try await site.ask(.DELETE, "/v2/deployments/none")
            #expect(none.status == 404 && none["message"] as? String == "DeploymentPlan none does not exist")
            #expect(try await site.ask(.DELETE, "/v2/deployments/none?force=true").status == 404)

            let forced = try await site.ask(.DELETE, "/v2/deployments/\(id)?force=True")
            #expect(forced.status == 202 && forced.text.isEmpty)
            #expect(try await site.ask(.GET, "/v2/deployments").text == "[]")
            #expect(try await site.ask(.GET, "/v2/apps/boxed")["app", "instances"] as? Int == 1)

            let scaled = try await site.ask(.PUT, "/v2/apps/boxed", #"{"instances": 2}"#)
            let second = try #require(scaled["deploymentId"] as? String)
            let reverted = try await site.ask(.DELETE, "/v2/deployments/\(second)")
            #expect(reverted.status == 200 && reverted["deploymentId"] as? String != second)
            #expect(try await site.ask(.GET, "/v2/apps/boxed")["app", "instances"] as? Int == 1)
            #expect(try await site.ask(.DELETE, "/v2/deployments/\(second)").status == 404)

            let new = try await site.ask(.POST, "/v2/apps", #"{"id": "/other", \#(Self.docker)}"#)
            let third = try #require(new["deployments", 0, "id"] as? String)
            #expect(try await site.ask(.DELETE, "/v2/deployments/\(third)").status == 200)
            try await eventually("it is gone") { try await site.ask(.GET, "/v2/apps/other").status == 404 }
        }
    }

    @Test("an app that fails waits; its delay is reset with 204, an unknown app's with 404")
    func delay() async throws {
        try await EngineSite.run { site in
            let body =
                #"{"id": "/g/failing", "cmd": "exit 3", "cpus": 0.1, "mem": 32, "backoffSeconds": 600, "maxLaunchDelaySeconds": 3600}"#
            #expect(try await site.ask(.POST, "/v2/apps", body).status == 201)
            func isWaiting() async throws -> Bool {
                let queue = try await site.ask(.GET, "/v2/queue")
                return queue["queue", 0, "delay", "overdue"] as? Bool == false
                    && (queue["queue", 0, "delay", "timeLeftSeconds"] as? Int ?? 0) > 300
            }
            func failure() async throws -> String? {
                try await site.ask(.GET, "/v2/apps/g/failing")["app", "lastTaskFailure", "taskId"] as? String
            }
            try await eventually("it waits") { try await isWaiting() }
            let first = try await failure()
            let reset = try await site.ask(.DELETE, "/v2/queue//g/failing/delay")
            #expect(reset.status == 204 && reset.text.isEmpty)
            try await eventually("it has failed again") { try await failure() != first }
            try await eventually("it waits again") { try await isWaiting() }
            let none = try await site.ask(.DELETE, "/v2/queue/none/delay")
            #expect(none.status == 404)
            #expect(none["message"] as? String == "Application /none not found in tasks queue.")
            #expect(
                try await site.ask(.GET, "/v2/apps?embed=lastTaskFailure")["apps", 0, "lastTaskFailure", "state"]
                    as? String == "TASK_FAILED")
        }
    }

    // MARK: Events

    @Test("one app's start on the event stream: staging, running, deployment_success; only the types asked for")
    func events() async throws {
        try await EngineSite.run { site in
            let some = try await site.events("?event_type=status_update_event&event_type=deployment_success")
            let all = try await site.events()
            let created = try await site.ask(.POST, "/v2/apps", app("/a", instances: 1))
            let deployment = try #require(created["deployments", 0, "id"] as? String)
            for log in [some, all] {
                try await log.contains("the deployment's end") {
                    $0.eventType == "deployment_success" && $0.id == deployment
                }
            }
            #expect(Set(some.events.map(\.eventType)) == ["status_update_event", "deployment_success"])
            let states = some.events.map { $0.taskStatus ?? $0.eventType }
            let order = ["TASK_STAGING", "TASK_RUNNING", "deployment_success"].map { states.firstIndex(of: $0) }
            #expect(order[0] == 0 && order[2] == states.count - 1, "\(states)")
            #expect(Set(some.events.compactMap(\.taskId)).count == 1)
            // Some may follow the deployment's end.
            for type in [
                "event_stream_attached", "api_post_event", "group_change_success", "deployment_info",
                "deployment_step_success", "instance_changed_event",
            ] {
                try await all.contains(type) { $0.eventType == type }
            }
            #expect(all.events.filter { $0.eventType == "status_update_event" }.allSatisfy { $0.appId == "/a" })
        }
    }
}

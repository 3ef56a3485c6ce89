import Testing

@testable import FlockCore

@Suite struct DescriptorReaderTests {
    private func read(_ json: String) throws -> Descriptor { try Descriptor(packageJSON: Array(json.utf8)) }

    /// A package.json with these keys beside name, version and start command.
    private func read(with keys: String) throws -> Descriptor {
        try read(#"{"name": "demo", "version": "1.0.1", "scripts": {"start": "node server.js"}, \#(keys)}"#)
    }

    @Test func `the design's example is read as it stands`() throws {
        let descriptor = try read(
            #"""
            {
              "name": "flock_demo", "version": "1.0.1", "scripts": {"start": "node server.js"},
              "flock": {"instances": 4, "cpus": 0.25, "mem": 32, "ports": 1},
              "checks": [{"path": "/", "intervalSeconds": 15, "maxConsecutiveFailures": 3}]
            }
            """#)
        #expect(descriptor.slug.text == "flock-demo")
        #expect(descriptor.version.idText == "1.0.1")
        #expect(descriptor.command == "node server.js")
        #expect(descriptor.instances == 4)
        #expect(descriptor.cpus == 0.25)
        #expect(descriptor.mem == 32)
        #expect(descriptor.ports == 1)
        #expect(descriptor.checks.count == 1)
        #expect(descriptor.checks.first?.kind == .http(path: "/"))
        #expect(descriptor.checks.first?.interval == .seconds(15))
        #expect(descriptor.checks.first?.maxConsecutiveFailures == 3)
        #expect(descriptor.scale.isEmpty)
    }

    @Test func `a program that says nothing gets one small instance with a port and a check`() throws {
        let descriptor = try read(#"{"name": "demo", "scripts": {"start": "node ."}}"#)
        #expect(descriptor.instances == 1)
        #expect(descriptor.ports == 1)
        #expect(descriptor.checks.map(\.kind) == [.http(path: "/")])
        #expect(descriptor.version.idText == "0.0.0")
        #expect(descriptor.env.isEmpty && descriptor.hosts.isEmpty)
    }

    @Test func `a program without ports is not checked`() throws {
        #expect(try read(with: #""flock": {"ports": 0}"#).checks.isEmpty)
    }

    @Test func `checks are accepted beside and inside flock`() throws {
        let checks = #""checks": [{"path": "/health", "intervalSeconds": 2}]"#
        let beside = try read(with: checks)
        let inside = try read(with: #""flock": {\#(checks)}"#)
        #expect(beside.checks == inside.checks)
        #expect(beside.checks.first?.kind == .http(path: "/health"))
    }

    @Test func `a command of the flock key wins over the start script`() throws {
        #expect(try read(with: #""flock": {"cmd": "bun run x"}"#).command == "bun run x")
    }

    @Test func `every key of flock is read`() throws {
        let descriptor = try read(
            with: #"""
                "flock": {
                  "ports": 2, "env": {"GREETING": "hello"}, "hosts": ["Shop.example.org"],
                  "checks": [{"protocol": "TCP", "portIndex": 1, "timeoutSeconds": 1, "gracePeriodSeconds": 0.5}],
                  "scale": {"min": 1, "max": 5, "target": 0.5, "concurrency": 20, "idleAfter": "5m",
                            "scaleDownDelay": "90s", "wake": 2, "minAwake": "3m", "requestsPerSecond": 7.5,
                            "awake": ["weekdays 08:00-19:00 Europe/Madrid"]}
                }
                """#)
        #expect(descriptor.env == ["GREETING": .text("hello")])
        #expect(descriptor.hosts.map(\.description) == ["shop.example.org"])
        let check = try #require(descriptor.checks.first)
        #expect(check.kind == .tcp && check.portIndex == 1)
        #expect(check.timeout == .seconds(1) && check.grace == .milliseconds(500))
        var scale = ScaleOverrides()
        scale.min = 1
        scale.max = 5
        scale.target = 0.5
        scale.concurrency = 20
        scale.idleAfter = TimeSpan(.seconds(300))
        scale.scaleDownDelay = TimeSpan(.seconds(90))
        scale.wake = 2
        scale.minAwake = TimeSpan(.seconds(180))
        scale.requestsPerSecond = 7.5
        scale.awake = [try AwakeSchedule("weekdays 08:00-19:00 Europe/Madrid")]
        #expect(descriptor.scale == scale)
    }

    @Test func `what happens to requests before they reach the app is read`() throws {
        let descriptor = try read(
            with: #"""
                "flock": {
                  "hosts": ["example.org/shop"],
                  "http": {"sticky": true, "users": {"alice": "$5$abc$0123456789"}, "allow": ["10.0.0.0/8"],
                           "rate": {"requests": 20, "per": "1m"}, "timeout": "90s", "h2": true}
                }
                """#)
        #expect(descriptor.hosts.first?.path == "/shop")
        let http = descriptor.http
        #expect(http.sticky == true && http.h2 == true && http.isGuard)
        #expect(http.users?["alice"]?.text == "$5$abc$0123456789")
        #expect(http.allow?.map(\.description) == ["10.0.0.0/8"])
        #expect(http.rate == HTTPOptions.Rate(requests: 20, per: TimeSpan(.seconds(60))))
        #expect(http.timeout == TimeSpan(.seconds(90)))
        #expect(HTTPOptions(label: http.label) == http)
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        var keys: String
        var code: DescriptorError.Code
        var key: String?
        /// What the message has to say.
        var says: [String]

        var testDescription: String { keys }
        /// Whether a JSON schema cannot say it.
        var isBeyondSchema: Bool {
            ["hosts[", "scale.awake[0]", "http.allow[0]", "http.rate.per", "http.timeout", "checks[0].portIndex"]
                .contains { key?.contains($0) == true }
                || code == .conflict || key == "flock.dependencies[0]" || keys.contains("\"ports\": 0")
        }

        init(_ keys: String, _ code: DescriptorError.Code, _ key: String?, _ says: String...) {
            self.keys = keys
            self.code = code
            self.key = key
            self.says = says
        }
    }

    static let wrong: [Wrong] = [
        Wrong(#""flock": []"#, .wrongType, "flock", "a list", "an object"),
        Wrong(#""flock": {"instances": -1}"#, .outOfRange, "flock.instances", "-1", "0 to 1000"),
        Wrong(#""flock": {"instances": 1.5}"#, .wrongType, "flock.instances", "1.5", "a whole number"),
        Wrong(#""flock": {"instances": true}"#, .wrongType, "flock.instances", "true", "a number"),
        Wrong(#""flock": {"cpus": "x"}"#, .wrongType, "flock.cpus", "\"x\"", "a number"),
        Wrong(#""flock": {"cpus": 0}"#, .outOfRange, "flock.cpus", "is 0", "0.01 to 1024"),
        Wrong(#""flock": {"mem": 0}"#, .outOfRange, "flock.mem", "1 to 1048576"),
        Wrong(#""flock": {"ports": [8080]}"#, .wrongType, "flock.ports", "a list", "a number"),
        Wrong(#""flock": {"ports": 17}"#, .outOfRange, "flock.ports", "0 to 16"),
        Wrong(#""flock": {"instance": 2}"#, .unknownKey, "flock.instance", "did you mean \"instances\"?"),
        Wrong(#""flock": {"zzzzzzz": 2}"#, .unknownKey, "flock.zzzzzzz", "known are:", "instances", "scale"),
        Wrong(#""flock": {"cmd": 1}"#, .wrongType, "flock.cmd", "a string"),
        Wrong(#""flock": {"env": {"A": 1}}"#, .wrongType, "flock.env.A", "a string"),
        Wrong(#""flock": {"env": {"A=B": "1"}}"#, .outOfRange, "flock.env.A=B", "environment variable"),
        Wrong(#""flock": {"env": {"A": "\u0000"}}"#, .outOfRange, "flock.env.A", "environment variable"),
        Wrong(#""flock": {"hosts": "a.b"}"#, .wrongType, "flock.hosts", "a list of host names"),
        Wrong(#""flock": {"hosts": ["a.b", "a b"]}"#, .wrongType, "flock.hosts[1]", "\"a b\"", "shop.example.org"),
        Wrong(#""flock": {"scale": {"maxx": 1}}"#, .unknownKey, "flock.scale.maxx", "did you mean \"max\"?"),
        Wrong(#""flock": {"scale": {"awake": ["daily 8-19"]}}"#, .outOfRange, "flock.scale.awake[0]", "08:00-19:00"),
        Wrong(#""flock": {"scale": {"awake": "daily"}}"#, .wrongType, "flock.scale.awake", "a list"),
        Wrong(#""flock": {"scale": {"requestsPerSecond": -1}}"#, .outOfRange, "flock.scale.requestsPerSecond", "0"),
        Wrong(#""flock": {"scale": {"target": 2}}"#, .outOfRange, "flock.scale.target", "0.01 to 1"),
        Wrong(#""flock": {"scale": {"idleAfter": 60}}"#, .wrongType, "flock.scale.idleAfter", "a string"),
        Wrong(#""flock": {"scale": {"idleAfter": "soon"}}"#, .wrongType, "flock.scale.idleAfter", "\"30s\""),
        Wrong(#""flock": {"hosts": ["a.b/../c"]}"#, .wrongType, "flock.hosts[0]", "a path of one"),
        Wrong(#""flock": {"http": {"stiky": true}}"#, .unknownKey, "flock.http.stiky", "did you mean \"sticky\"?"),
        Wrong(#""flock": {"http": {"sticky": 1}}"#, .wrongType, "flock.http.sticky", "true or false"),
        Wrong(#""flock": {"http": {"users": {"a b": "$5$a$b"}}}"#, .outOfRange, "flock.http.users.a b", "letters"),
        Wrong(#""flock": {"http": {"users": {"a": "secret"}}}"#, .wrongType, "flock.http.users.a", "openssl passwd"),
        Wrong(#""flock": {"http": {"users": {}}}"#, .outOfRange, "flock.http.users", "1 to 100"),
        Wrong(#""flock": {"http": {"allow": ["10.0.0.0/33"]}}"#, .wrongType, "flock.http.allow[0]", "10.0.0.0/8"),
        Wrong(#""flock": {"http": {"allow": []}}"#, .wrongType, "flock.http.allow", "1 to 200"),
        Wrong(
            #""flock": {"http": {"rate": {"requests": 0}}}"#, .outOfRange, "flock.http.rate.requests", "1 to 1000000"),
        Wrong(#""flock": {"http": {"rate": {"per": "1d"}}}"#, .outOfRange, "flock.http.rate.per", "1s to 1h"),
        Wrong(#""flock": {"http": {"timeout": "0s"}}"#, .outOfRange, "flock.http.timeout", "100ms to 1d"),
        Wrong(#""checks": {}"#, .wrongType, "checks", "an object", "a list"),
        Wrong(#""checks": ["/"]"#, .wrongType, "checks[0]", "an object"),
        Wrong(#""checks": [{"path": "health"}]"#, .wrongType, "checks[0].path", "\"health\"", "/health"),
        Wrong(#""checks": [{"path": "/a b"}]"#, .wrongType, "checks[0].path", "/health"),
        Wrong(#""checks": [{"path": "/a\nb"}]"#, .wrongType, "checks[0].path", "/health"),
        Wrong(
            #""checks": [{"protocol": "UDP"}]"#, .wrongType, "checks[0].protocol", "\"HTTP\", \"TCP\" or \"COMMAND\""),
        Wrong(#""checks": [{"interval": 3}]"#, .unknownKey, "checks[0].interval", "known are:", "intervalSeconds"),
        Wrong(#""checks": [{"intervalSeconds": 0}]"#, .outOfRange, "checks[0].intervalSeconds", "0.1 to 86400"),
        Wrong(#""checks": [{"portIndex": 1}]"#, .outOfRange, "checks[0].portIndex", "0 to 0"),
        Wrong(#""checks": [{"protocol": "COMMAND"}]"#, .wrongType, "checks[0].command", "is missing", "test -e"),
        Wrong(#""checks": [{"protocol": "HTTP", "command": "true"}]"#, .conflict, "checks[0].command", "COMMAND"),
        Wrong(#""checks": [], "flock": {"checks": []}"#, .conflict, "flock.checks", "beside"),
        Wrong(#""flock": {"build": []}"#, .wrongType, "flock.build", "a list of 1 to 32 commands"),
        Wrong(#""flock": {"build": ["make", 1]}"#, .wrongType, "flock.build", "a command or a list"),
        Wrong(#""flock": {"build": "make", "image": "a:1"}"#, .conflict, "flock.build", "flock.image"),
        Wrong(#""flock": {"image": "--privileged"}"#, .wrongType, "flock.image", "nginx:1.27"),
        Wrong(#""flock": {"image": 1}"#, .wrongType, "flock.image", "a string"),
        Wrong(#""flock": {"image": {}}"#, .wrongType, "flock.image.image", "is missing"),
        Wrong(#""flock": {"image": {"image": "a b"}}"#, .wrongType, "flock.image.image", "the name of an image"),
        Wrong(#""flock": {"image": {"image": "a", "ports": 1}}"#, .unknownKey, "flock.image.ports", "\"port\"?"),
        Wrong(#""flock": {"image": {"image": "a", "port": -1}}"#, .outOfRange, "flock.image.port", "0 to 65535"),
        Wrong(#""flock": {"image": {"image": "a", "network": "X"}}"#, .wrongType, "flock.image.network", "BRIDGE"),
        Wrong(#""flock": {"group": "flock"}"#, .wrongType, "flock.group", "does not use itself"),
        Wrong(#""flock": {"group": "a/b"}"#, .wrongType, "flock.group", "a-z"),
        Wrong(#""flock": {"dependencies": ["demo"]}"#, .wrongType, "flock.dependencies[0]", "another program"),
        Wrong(#""flock": {"dependencies": "db"}"#, .wrongType, "flock.dependencies", "a list"),
        Wrong(#""flock": {"env": {"A": {"secret": "../x"}}}"#, .wrongType, "flock.env.A.secret", "name of a secret"),
        Wrong(#""flock": {"env": {"A": {"consul": "a/../b"}}}"#, .wrongType, "flock.env.A.consul", "database/url"),
        Wrong(#""flock": {"env": {"A": {"secret": "a", "consul": "b"}}}"#, .wrongType, "flock.env.A", "has to be"),
        Wrong(#""flock": {"env": {"A": {"secret": "a", "x": "b"}}}"#, .unknownKey, "flock.env.A.x", "secret"),
        Wrong(#""flock": {"ports": 0}, "checks": [{}]"#, .outOfRange, "checks[0]", "no port"),
    ]

    @Test(arguments: wrong)
    func `an error says file, key and what is right`(_ wrong: Wrong) throws {
        let problems = try #require(throws: DescriptorProblems.self) { try read(with: wrong.keys) }
        #expect(problems.others.isEmpty)
        let error = problems.first
        #expect(error.code == wrong.code)
        #expect(error.key == wrong.key)
        #expect(error.description.hasPrefix("package.json: "))
        #expect(error.description.hasSuffix("[\(wrong.code.rawValue)]"))
        for words in wrong.says { #expect(error.description.contains(words), "\(error)") }
    }

    @Test(arguments: ["", "{", "{'name': 'x'}", "\u{FEFF}garbage"])
    func `what is no JSON is called so`(_ text: String) throws {
        let error = try #require(throws: DescriptorProblems.self) { try read(text) }.first
        #expect(error.code == .notJSON)
        #expect(error.description.hasPrefix("package.json: is not valid JSON"))
    }

    @Test func `a document that is no object is refused`() throws {
        let error = try #require(throws: DescriptorProblems.self) { try read("[]") }.first
        #expect(error.code == .wrongType && error.description.contains("an object"))
    }

    @Test(arguments: [
        #"{"name": "demo"}"#, #"{"name": "demo", "scripts": {}}"#, #"{"name": "demo", "scripts": {"test": "x"}}"#,
        #"{"name": "demo", "scripts": {"start": ""}}"#,
    ])
    func `a program that nothing starts is told what to add`(_ json: String) throws {
        let error = try #require(throws: DescriptorProblems.self) { try read(json) }.first
        #expect(error.code == .noCommand && error.key == "scripts.start")
        #expect(error.description.contains(#""start": "node server.js""#))
    }

    @Test(arguments: [#"{"scripts": {"start": "node ."}}"#, #"{"name": null, "scripts": {"start": "node ."}}"#])
    func `a missing name is called so`(_ json: String) throws {
        let error = try #require(throws: DescriptorProblems.self) { try read(json) }.first
        #expect(error.code.rawValue == "name_missing")
        #expect(error.description.contains("package.json: name: is missing") && error.description.contains("my-app"))
    }

    @Test func `a name that leads out of a folder is refused`() throws {
        let error = try #require(throws: DescriptorProblems.self) {
            try read(#"{"name": "../etc", "scripts": {"start": "node ."}}"#)
        }.first
        #expect(error.code.rawValue == "name_invalid")
        #expect(error.description.contains("package.json: name: ") && error.description.contains("@acme/shop"))
    }

    @Test(arguments: ["42", "true", "[]"])
    func `a name that is no text is refused at its key`(_ value: String) throws {
        let error = try #require(throws: (any Error).self) {
            try read(#"{"name": \#(value), "scripts": {"start": "node ."}}"#)
        }
        #expect("\(error)".hasPrefix("package.json: name: "), "\(error)")
    }

    @Test(arguments: ["1.0", "\"1.0\"", "\"latest\""])
    func `a version that is none is refused at its key`(_ value: String) throws {
        let error = try #require(throws: (any Error).self) {
            try read(#"{"name": "x", "version": \#(value), "scripts": {"start": "node ."}}"#)
        }
        #expect("\(error)".hasPrefix("package.json: version: "), "\(error)")
    }

    @Test func `a flood of unknown keys is cut short, and none moves a terminal's cursor`() throws {
        let keys = (0..<1000).map { #""\\u001b[2J\\n\#($0)": 1"# }.joined(separator: ", ")
        let problems = try #require(throws: DescriptorProblems.self) { try read(with: #""flock": {\#(keys)}"#) }
        #expect(problems.all.count == 21 && problems.all.last?.message.contains("980 more") == true)
        #expect(problems.all.allSatisfy { !$0.description.contains("\u{1B}") && !$0.description.contains("\n") })
    }

    @Test func `all that is wrong is found in one reading`() throws {
        let problems = try #require(throws: DescriptorProblems.self) {
            try read(
                #"""
                {"name": 1, "version": "x", "flock": {"instances": -1, "cpu": 1, "scale": {"maxx": 2}},
                 "checks": [{"path": "x"}, 3]}
                """#)
        }
        #expect(
            problems.all.map(\.key) == [
                "name", "version", "flock.instances", "checks[1]", "checks[0].path", "flock.scale.maxx", "flock.cpu",
                "scripts.start",
            ])
        #expect(problems.description.split(separator: "\n").count == 8)
    }

    @Test func `an image needs no start command, a command is one of a check's kinds`() throws {
        let descriptor = try read(
            #"""
            {"name": "demo", "checks": [{"command": "test -e ready"}], "flock": {"ports": 0, "image": "nginx:1.27",
             "group": "shop", "dependencies": ["@acme/db"], "env": {"A": {"secret": "a"}, "B": {"consul": "x/y"}}}}
            """#)
        #expect(descriptor.command == nil)
        #expect(descriptor.image == .init(name: "nginx:1.27", network: .bridge, port: 0, pull: false))
        #expect(descriptor.checks.map(\.kind) == [.command("test -e ready")])
        #expect(descriptor.group?.text == "shop" && descriptor.dependencies.map(\.text) == ["acme-db"])
        #expect(descriptor.env == ["A": .secret("a"), "B": .consul("x/y")])
        let options = try read(
            #"{"name": "x", "flock": {"image": {"image": "a/b@sha256:0", "network": "HOST", "port": 80, "pull": true}}}"#
        )
        #expect(options.image == .init(name: "a/b@sha256:0", network: .host, port: 80, pull: true))
    }

    private func start(_ package: String, procfile: String? = nil, names: Set<String> = []) throws -> String? {
        try Descriptor(
            ProgramFiles(packageJSON: Array(package.utf8), procfile: procfile.map { Array($0.utf8) }, names: names)
        ).command
    }

    @Test func `what starts a program is found as Heroku finds it`() throws {
        let package = #"{"name": "x", "scripts": {"start": "node a.js"}}"#
        #expect(try start(package, procfile: "worker: node w.js\nweb:   node b.js\n") == "node b.js")
        #expect(try start(package, procfile: "worker: node w.js\n") == "node a.js")
        #expect(try start(#"{"name": "x"}"#, names: ["server.js"]) == "node server.js")
        #expect(
            try start(#"{"name": "x", "flock": {"cmd": "node c.js"}}"#, procfile: "web: node b.js") == "node c.js")
    }

    @Test func `a Dockerfile alone is told to be built elsewhere`() throws {
        let problems = try #require(throws: DescriptorProblems.self) {
            try start(#"{"name": "x"}"#, names: ["Dockerfile"])
        }
        #expect(problems.first.code == .noImage && problems.first.file == "Dockerfile")
        #expect(problems.first.message.contains("flock") && problems.first.message.contains("image"))
    }
}

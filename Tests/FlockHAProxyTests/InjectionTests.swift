import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Marathon
import Testing

@testable import FlockHAProxy

/// Words that would be more than words to HAProxy, in every place that an app has: nobody else's routes change by a
/// byte, and of the hostile app there is at most what any app may have.
@Suite struct InjectionTests {
    // MARK: The corpus

    /// Each in a spelling that is one word too many for some grammar.
    static let words: [String] = [
        "", " ", ".", "..", "/", "//", "-", "_", "#", "\\", "\"", "'", ";", "|", "*", "%", "$", "\0", "\n", "\r", "\t",
        "\u{b}",
        "evil\n", "\nevil", "evil\r\nx", "evil\u{85}x", "evil\u{2028}x", "evil\0x", "evil x", "evil\tx", "evil#x",
        "evil;x",
        "evil\"x", "evil'x", "evil\\x", "evil\\", "evil\\\n", "evil,x", "evil|x", "evil$x", "evil%x", "evil%0ax",
        "evil/../x",
        "evil\nbackend evil\n  server e 6.6.6.6:80\n",
        "evil\n  http-request return status 200 file /etc/hostname\nbackend x",
        "evil; set server app_good_1_0_0/s1 addr 6.6.6.6 port 80", "evil\nset map #0 good.flock.test /evil",
        "evil; shutdown frontend flock_http", "evil <<\nx y\n\n", "${HOME}", "$HOME", "\"${HOME}\"", "%[env(HOME)]",
        "%[src]",
        "{{name}}", "{{{backends}}}", "{{#slots}}evil{{/slots}}", "{{> base}}", "$(id)", "`id`", "<script>",
        "-f /etc/passwd",
        "ünïcode", "еvil", "evil\u{202e}", "evil\u{200b}", "e\u{301}vil", "🦆", "EVIL", "evil.", ".evil", "evil..x",
        "evil-", "-evil",
        "good", "/good-1.0.0", "app_good_1_0_0", "flock_wake", "flock_http", "good.flock.test", "calm.flock.test",
        "good.flock.test/login", "calm.flock.test/", "good-1-0-0.flock.test", "127.0.0.1", "0x7f000001", "::1", "[::1]",
        "-1", "0", "99999999999999999999", "1e9", "NaN", "true", "null", "[]", "{}", "{\"a\":", "()", "()()",
        String(repeating: "a", count: 65_536), String(repeating: "/a", count: 32_768),
        String(repeating: "\n", count: 65_536),
        String(repeating: "a.", count: 200), String(repeating: "ü", count: 32_768),
    ]

    private static let labels = [
        Label.app, Label.version, Label.release, Label.commit, Label.deploy, Label.hosts, Label.scale, Label.preview,
        Label.role, Label.target, Label.http,
    ]

    /// Apps whose word stands in one of the places. Their ids come before the lawful ones', which wins where two want
    /// the same.
    static func apps(saying word: String) throws -> [App] {
        let plain = AppExamples.app("aaa", "6.6.6", release: 999_999, ports: [666], path: "/")
        var apps: [App] = []
        for label in labels {
            for text in [word, "x.example.org,\(word),y.example.org"] {
                var app = plain
                app.definition.labels?[label] = text
                apps.append(app)
            }
        }
        for id in [word, "/\(word)", "/aaa-\(word)", "/aaa/\(word)", "/preview/\(word)/aaa"] {
            apps.append(AppExamples.app("aaa", "6.6.6", release: 999_999, ports: [666], id: id, path: "/"))
        }
        for slug in ["good", "calm"] {
            // Says that it is another one.
            apps.append(
                AppExamples.app(
                    slug, "1.0.0", release: 999_999, ports: [666], labels: [Label.hosts: word], id: "/aaa-6.6.6"))
        }
        let all = Dictionary(labels.map { ($0, word) }) { first, _ in first }
        apps.append(AppExamples.app(word, word, ports: [666], labels: all, id: "/aaa"))
        for path in [word, "/\(word)"] { apps.append(AppExamples.app("aaa", "6.6.6", ports: [666], path: path)) }
        var checked = plain
        checked.definition.healthChecks?[0].protocol = "HTTP\(word)HTTP"
        apps.append(checked)
        let word = try json(word)
        for http in [
            #"{"users":{"\#(word)":"$5$abc$def"}}"#, #"{"users":{"eve":"$5$abc$\#(word)"}}"#,
            #"{"users":{"eve":"\#(word)"}}"#, #"{"allow":["\#(word)"]}"#, #"{"allow":["10.0.0.0/8\#(word)"]}"#,
            #"{"timeout":"1s\#(word)"}"#, #"{"rate":{"requests":1,"per":"\#(word)"}}"#, #"{"sticky":"\#(word)"}"#,
        ] {
            apps.append(AppExamples.app("aaa", "6.6.6", ports: [666], labels: [Label.http: http]))
        }
        // Nobody else can have an id that is taken.
        return (apps + [placed(word, plain)]).filter { app in !lawful.contains { $0.id == app.id } }
    }

    /// One whose tasks are in no place.
    private static func placed(_ word: String, _ plain: App) -> App {
        var app = plain
        var named = AppExamples.task(667, of: app.id)
        named.id = word
        app.tasks =
            [-1, 0, 70_000].map { AppExamples.task($0, of: app.id) } + [
                AppExamples.task(666, of: app.id, host: word), AppExamples.task(668, of: app.id, state: word), named,
            ]
        return app
    }

    /// The word as the inside of a JSON string.
    private static func json(_ word: String) throws -> String {
        String(String(decoding: try JSONEncoder().encode([word]), as: UTF8.self).dropFirst(2).dropLast(2))
    }

    /// One that serves and one that sleeps, each with its release and all that it can have.
    static let lawful: [App] = [
        AppExamples.app(
            "good", "1.0.0", release: 1, ports: [31000, 31001],
            labels: [
                Label.hosts: "www.example.org,example.org/shop", Label.http: #"{"sticky":true,"timeout":"1m"}"#,
            ], path: "/health"),
        AppExamples.app("calm", "1.0.0", release: 1, labels: [Label.hosts: "calm.example.org"]),
        AppExamples.record("good", 1, "/good-1.0.0"), AppExamples.record("calm", 1, "/calm-1.0.0"),
    ]

    // MARK: Render

    private func render(
        _ apps: [App], _ settings: Settings, _ renderer: inout ConfigurationRenderer
    ) throws -> RenderedFiles {
        let table = RoutingTable(apps: apps, domain: settings.domain)
        var plan = RoutingPlan(table: table, slots: SlotTable(), settings: settings)
        _ = plan.slots.makeRoom(for: table, everyApp: plan.isACL)
        plan.slots.fill(from: table) { _, _ in true }
        return renderer.render(plan)
    }

    /// What a hostile app may add to the file: lines of these forms.
    private static func lawfulForms() throws -> [Regex<AnyRegexOutput>] {
        let (id, name, host) = (#"/[a-z0-9][a-z0-9./-]*"#, "app_[a-z0-9_]+", "[a-z0-9._-]{1,253}")
        return try [
            "", "backend \(name) from flock", "  # \(id)", "  balance leastconn", "  timeout server (5m|[0-9]+ms)",
            "  option httpchk",
            #"  http-check send meth GET uri /[!-~]* ver HTTP/1\.1 hdr Host localhost( hdr X-Flock-Check HAProxy)?"#,
            "userlist users_\(name)", #"  user [A-Za-z0-9._@-]{1,64} password '\$[A-Za-z0-9$./=,]+'"#,
            #"  acl allowed src [0-9a-f:.]+(/[0-9]+)?"#, "  http-request deny deny_status 403 unless allowed",
            #"  http-request deny deny_status 401 hdr WWW-Authenticate 'Basic realm="\#(name)"' unless \{ http_auth\(users_\#(name)\) \}"#,
            #"  http-request track-sc0 var\(txn\.app\) table flock_use unless \{ var\(txn\.uncounted\) -m found \}"#,
            "  http-request set-header X-Flock-App \(id)", #"  http-request set-var\(txn\.app\) str\(\#(id)\)"#,
            "  # An old worker does not learn who has gone since, nor who has the port now. flock-backup does.",
            #"  use-server (wake1|server_backup_1) if \{ stopping \}"#,
            #"  server s[0-9] (127\.0\.0\.1|\[::1\]):[0-9]+ [a-z0-9 -]+"#,
            #"  server (wake1|server_backup_1) 127\.0\.0\.1:9001 [a-z0-9 ]+"#,
            #"  acl acl_[a-z0-9_]+ hdr\(host\) -i \#(host) \#(host):8000"#, "  use_backend \(name) if acl_[a-z0-9_]+",
            #"  use_backend \#(name) if \{ var\(txn\.host\) -m str \#(host) \} \{ path(_beg)? /[A-Za-z0-9._~/-]+ \}"#,
        ].map { try Regex($0) }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `no word of an app changes a byte of what is rendered for the others`(_ style: Settings.HTTP.Style)
        async throws
    {
        var settings = try RenderedFilesTests.settings(style)
        settings.domain = try #require(HostDomain("flock.test"))
        var renderer = try ConfigurationRenderer(paths: HAProxyPaths(folder: "/tmp/none"), isRoot: false)
        let forms = try Self.lawfulForms()
        let clean = try render(Self.lawful, settings, &renderer)
        let cleanLines = Self.lines(clean)
        let taken = Set(clean.maps[.hosts].keys.map(\.rawValue))
        for word in Self.words {
            for app in try Self.apps(saying: word) {
                // Other tests run on the same threads.
                await Task.yield()
                let files = try render(Self.lawful + [app], settings, &renderer)
                func what() -> Comment {
                    "\(word.debugDescription.prefix(80)): \(String(describing: app).prefix(2000))"
                }
                for change in Self.lines(files).difference(from: cleanLines) {
                    switch change {
                    case .insert(_, let line, _):
                        #expect(
                            try forms.contains { try $0.wholeMatch(in: line) != nil }, "\(line.prefix(300)), \(what())")
                    case .remove(_, let line, _): Issue.record("gone: \(line), \(what())")
                    }
                }
                for name in RoutingMaps.Name.allCases {
                    for (key, value) in clean.maps[name] {
                        #expect(files.maps[name][key] == value, "\(key), \(what())")
                    }
                    for (key, value) in files.maps[name] where clean.maps[name][key] == nil {
                        #expect((name == .apps ? key : value).rawValue == app.id, "\(key) \(value), \(what())")
                        #expect(!taken.contains(String(key.rawValue.prefix { $0 != "/" })), "\(key), \(what())")
                    }
                }
            }
        }
    }

    // MARK: A real HAProxy

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `HAProxy reads all of them at once, and serves the others as before`(_ style: Settings.HTTP.Style) async throws
    {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run(style: style) { site in
                var lawful = Self.lawful
                lawful[0].tasks = servers.ports.map { AppExamples.task($0, of: lawful[0].id) }
                try await site.apply(lawful)
                let before = try await self.servers(of: "app_good_1_0_0", site)

                // First without tasks, which in map style needs no reload: all goes through the socket.
                let reloads = await site.driver.reloads
                let asleep = Self.words.enumerated().flatMap { number, word in
                    [Label.hosts, Label.version, Label.scale].map { label in
                        AppExamples.app("m\(number)", "6.6.6", labels: [label: word], id: "/m\(number)/\(label.count)")
                    } + [AppExamples.app("n\(number)", "6.6.6", id: "/n\(number)-\(word)")]
                }
                try await site.apply(lawful + asleep)
                if style == .map { #expect(await site.driver.reloads == reloads) }
                #expect(try await self.servers(of: "app_good_1_0_0", site) == before)

                let awake = try Self.words.enumerated().flatMap { number, word in
                    try Self.apps(saying: word).enumerated().map { index, app in
                        var app = app
                        if app.id == "/aaa-6.6.6" { app.definition.id = "/aaa/\(number)/\(index)" }
                        return app
                    }
                }
                let unique = Dictionary(awake.map { ($0.id, $0) }) { first, _ in first }.filter { number, _ in
                    // Not all: HAProxy takes its time for thousands of backends.
                    !number.hasPrefix("/aaa/") || number.hasSuffix("0") || number.hasSuffix("7")
                }
                try await site.apply(lawful + unique.values)
                let refused = await site.driver.closed.filter { $0.reason.contains("HAProxy") }
                #expect(refused.isEmpty, "\(refused.map { "\($0.app): \($0.reason.prefix(300))" }.prefix(5))")
                #expect(try await self.servers(of: "app_good_1_0_0", site) == before)
                for (host, path) in [
                    ("good.flock.test", "/login"), ("good-1-0-0.flock.test", "/"), ("www.example.org", "/"),
                    ("example.org", "/shop/x"),
                ] {
                    let answer = try await site.get(host, path)
                    #expect(servers.ports.contains(answer.seen?.port ?? 0), "\(host)\(path): \(answer.text)")
                }
            }
        }
    }

    /// Names, addresses and conditions of a backend's servers.
    private func servers(of backend: String, _ site: DriverSite) async throws -> [String] {
        try await RuntimeSocket(path: site.paths.adminSocket).servers().filter { $0.backend == backend }
            .map { "\($0.server) \($0.ip):\($0.port) \($0.condition)" }
    }

    private static func lines(_ files: RenderedFiles) -> [Substring] {
        files.configuration.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix(RenderedFiles.structureMark) }
    }
}

import FlockCore
import Foundation
import Testing
import Yams

@testable import FlockDaemon

@Suite struct SettingsFileTests {
    private func load(
        _ text: String?, set assignments: [String] = [], environment: [String: String] = [:], state: String? = nil
    ) async throws -> Settings {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/flock.yaml"
            try (text ?? "").write(toFile: path, atomically: true, encoding: .utf8)
            let file = try SettingsFile(path: path, assignments: assignments, state: state, environment: environment)
            return try file.load()
        }
    }

    /// Keys of all mappings, as dotted paths.
    private func keys(_ node: Node, under path: String = "") -> Set<String> {
        guard let mapping = node.mapping else { return [path] }
        return mapping.reduce(into: []) { found, pair in
            let key = pair.key.string ?? ""
            found.formUnion(keys(pair.value, under: path.isEmpty ? key : "\(path).\(key)"))
        }
    }

    @Test func `the sample has every key of the settings and no other`() async throws {
        let sample = try #require(try Yams.compose(yaml: SettingsFile.sample))
        var settings = try await load(nil)
        settings.marathon = []
        settings.https.listen = settings.http.listen
        settings.https.acme = "acme"
        settings.hook.consul.url = URL(string: "http://127.0.0.1:8500/")
        settings.hook.consul.register = settings.http.listen
        let encoded = try #require(try Yams.compose(yaml: YAMLEncoder().encode(settings)))
        #expect(keys(sample) == keys(encoded))
    }

    @Test func `an empty file means the defaults of the sample`() async throws {
        let sample = SettingsFile.sample
        let settings = try await load(nil)
        #expect(try await load(sample) == settings)
        #expect(settings.domain.text == "flock.localhost")
        #expect(settings.http.listen.port == 8000 && settings.marathon == nil)
        #expect(settings.scaler.idleAfter == TimeSpan(.seconds(60)))
    }

    @Test func `certificates are in the state folder, unless the file says where`() async throws {
        let settings = try await load("state: /var/lib/flock\nhttps: {listen: \"0.0.0.0:443\"}\n")
        #expect(settings.https.certificates == "/var/lib/flock/certificates")
        #expect(settings.url(host: "a.x.org") == "https://a.x.org/")
        #expect(
            try await load("https: {certificates: /etc/letsencrypt/live}\n").https.certificates
                == "/etc/letsencrypt/live")
    }

    private func entry(_ more: String, url: String = "https://git.example/acme/shop") -> String {
        "hook:\n  repositories:\n    - {url: '\(url)', secret: {file: s}, branches: {main: production}, \(more)}\n"
    }

    @Test func `who is told of deploys is a repository's own matter`() async throws {
        let text = entry("report: {forge: gitea, token: {file: /etc/token}}, slack: {file: /etc/slack}")
        let repository = try #require(try await load(text).hook.repositories.first)
        #expect(repository.report?.forge == .gitea && repository.report?.api == nil)
        #expect(repository.report?.token.file == "/etc/token" && repository.slack?.file == "/etc/slack")
    }

    @Test(arguments: [
        ("report: {forge: github, token: {file: t}, api: 'http://git.example/api'}", "without TLS; use https"),
        ("report: {forge: bitbucket, token: {file: t}}", "use github or gitlab or gitea"),
        ("report: {forge: github, token: {file: t}, project: shop}", "write OWNER/NAME"),
        ("report: {forge: github, token: {file: t}, projct: a/b}", "did you mean \"project\"?"),
    ])
    func `what a forge cannot be told with is refused`(_ more: String, _ says: String) async throws {
        await #expect { try await load(entry(more)) } throws: { "\($0)".contains(says) }
    }

    @Test func `a path says no forge`() async throws {
        await #expect {
            try await load(entry("report: {forge: github, token: {file: t}}", url: "/srv/git/shop.git"))
        } throws: { "\($0)".contains("api and project are needed where url is not https") }
    }

    @Test(arguments: [
        ("https://git.example/acme/mono", "", ":4:8: ", "[1].url: ", "https://git.example/acme/mono"),
        ("git@git.example:acme/mono.git", ", path: web", ":4:", "[1].path: ", "https://git.example/acme/mono#web"),
    ])
    func `a program is named once, however its repository is spelled`(
        _ url: String, _ path: String, _ place: String, _ key: String, _ program: String
    ) async throws {
        func entries(_ first: String, _ second: String) -> String {
            let more = "secret: {file: s}, branches: {main: production}"
            return """
                hook:
                  repositories:
                    - {url: 'https://git.example/acme/mono', \(more)\(first)}
                    - {url: '\(url)', \(more)\(second)}

                """
        }
        let error = try await #require(throws: DaemonError.self) { try await load(entries(path, path)) }
        #expect(error.message.contains("/flock.yaml\(place)"), "\(error)")
        #expect(error.message.contains("hook.repositories\(key)the program \(program) is repositories[0] already"))
        let programs = try await load(entries(path, ", path: api")).hook.repositories.map(\.program)
        #expect(programs == [program, "https://git.example/acme/mono#api"])
    }

    @Test func `a file holds only what differs`() async throws {
        let settings = try await load("scaler:\n  idleAfter: 5m\nengine: {ports: 4000-4010}\n")
        #expect(settings.scaler.idleAfter == TimeSpan(.seconds(300)))
        #expect(settings.engine.ports.ports == 4000...4010)
        #expect(settings.scaler.every == TimeSpan(.seconds(1)) && settings.engine.listen.port == 8080)
    }

    @Test(arguments: [
        ("scaler:\n  idelAfter: 5m\n", ":2:3: ", ["scaler.idelAfter", "did you mean \"idleAfter\"?"]),
        ("\nscalar:\n  min: 1\n", ":2:1: ", ["scalar", "did you mean \"scaler\"?"]),
        ("scaler:\n  max: many\n", ":2:3: ", ["scaler.max"]),
        ("scaler:\n  window: 2h\n", ":2:3: ", ["scaler.window", "use 1s to 1h"]),
        ("scaler:\n  every: 100ms\n  window: 5m\n", ":3:3: ", ["scaler.window", "more than 1000 looks"]),
        ("scaler:\n  burstWindow: 5m\n", ":2:3: ", ["scaler.burstWindow", "no more than window"]),
        ("scaler:\n  awake:\n    - weekdays 8-19\n", ":3:", ["scaler.awake", "08:00-19:00"]),
        ("scaler:\n  max: 0\n", ":2:3: ", ["scaler.max", "0 is out of range; use 1 to 10000"]),
        ("scaler:\n  target: 1.5\n", ":2:3: ", ["scaler.target", "use 0.01 to 1"]),
        ("scaler:\n  min: 9\n  max: 3\n", ":2:3: ", ["scaler.min", "min 9 is more than max 3"]),
        ("scaler:\n  ignore: {status: 99}\n", ":2:12: ", ["scaler.ignore.status", "use 200 to 599"]),
        (
            "scaler:\n  ignore: {userAgents: [ok, \"a'b\"]}\n", ":2:29: ",
            ["scaler.ignore.userAgents[1]", "letters, digits"]
        ),
        ("scaler:\n  ignore: {paths: [robots.txt]}\n", ":2:20: ", ["scaler.ignore.paths[0]", "/robots.txt"]),
        ("backup:\n  hold: soon\n", ":2:3: ", ["backup.hold", "\"soon\"", "250ms, 30s"]),
        ("http:\n  listen: 8000\n", ":2:3: ", ["http.listen", "HOST:PORT"]),
        ("http:\n  style: xml\n", ":2:3: ", ["http.style", "map or acl"]),
        ("http:\n  log: yes\n", ":2:3: ", ["http.log", "none, stdout, file or a path"]),
        ("https:\n  listen: all\n", ":2:3: ", ["https.listen", "HOST:PORT"]),
        ("https:\n  acme: a b\n", ":2:3: ", ["https.acme", "/acme-1.0.0"]),
        ("domain: a b\n", ":1:1: ", ["domain", "apps.example.org"]),
        ("marathon: [ftp://x]\n", ":1:12: ", ["marathon[0]", "http://HOST:PORT"]),
        ("engine:\n  ports: 5\n", ":2:3: ", ["engine.ports", "31000-32000"]),
        (
            "hook:\n  repositories:\n    - url: http://x/y\n      secret: {file: s}\n      branches: {}\n", ":3:7: ",
            ["hook.repositories[0].url", "allow: [http]"]
        ),
        (
            "hook:\n  repositories:\n    - url: https://x/y\n      hostKeys: [x]\n", ":4:18: ",
            ["hostKeys[0]", "ssh-keyscan"]
        ),
        (
            "hook:\n  repositories:\n    - url: git://x/y\n      secret: {file: s}\n      branches: {}\n", ":3:7: ",
            ["hook.repositories[0].url", "https://"]
        ),
        ("parts:\n  haproxy: {nodes: [\"http://10.0.0.6:9002\"]}\n", ":2:21: ", ["parts.haproxy.nodes[0]", "https"]),
        ("parts:\n  haproxy: {nodes: []}\n", ":2:13: ", ["parts.haproxy.nodes", "[local]"]),
        ("parts:\n  backup: {listen: \"127.0.0.1:9003\"}\n", "", ["parts.token", "is needed between machines"]),
        ("parts:\n  backup: {nodes: [\"https://10.0.0.6:9003\"]}\n", "", ["parts.token"]),
        (
            "parts:\n  token: {file: t}\n  backup: {listen: \"0.0.0.0:9003\"}\n", "",
            ["parts.certificate", "0.0.0.0:9003, which is not loopback"]
        ),
        ("backup:\n  servers: [somewhere]\n", ":2:13: ", ["backup.servers[0]", "HOST:PORT"]),
        ("- a\n- b\n", ":1:1", ["is no list of keys"]),
    ])
    func `an error says where and what is right`(_ text: String, _ place: String, _ says: [String]) async throws {
        let error = try await #require(throws: DaemonError.self) { try await load(text) }
        #expect(error.code == .settings)
        #expect(error.message.contains("/flock.yaml\(place)"), "\(error)")
        for words in says { #expect(error.message.contains(words), "\(error)") }
    }

    @Test func `YAML that is none is refused with its place`() async throws {
        let error = try await #require(throws: DaemonError.self) { try await load("domain: [\n") }
        #expect(error.message.contains("/flock.yaml"))
        #expect(error.hint?.isEmpty == false)
    }

    @Test func `variables win over the file and flags over variables`() async throws {
        let file = "scaler: {idleAfter: 1m, max: 3}"
        let environment = ["FLOCK_SCALER_IDLE_AFTER": "2m", "FLOCK_SCALER_MAX": "4", "FLOCK_DOMAIN": "x.org"]
        let settings = try await load(file, set: ["scaler.idleAfter=3m"], environment: environment)
        #expect(settings.scaler.idleAfter == TimeSpan(.seconds(180)))
        #expect(settings.scaler.max == 4 && settings.domain.text == "x.org")
    }

    @Test(arguments: [
        (["scaler.max=x"], [:], "--set scaler.max"), (["scaler.max=0"], [:], "--set scaler.max"),
        (["scaler.maks=1"], [:], "--set scaler.maks"), (["scaler=1"], [:], "--set scaler"),
        (["scaler.max"], [:], "has no \"=\""), (["backup.hold=soon"], [:], "--set backup.hold"),
        ([], ["FLOCK_BACKUP_HOLD": "soon"], "FLOCK_BACKUP_HOLD"), ([], ["FLOCK_SCALER_MIN": "-1"], "FLOCK_SCALER_MIN"),
    ])
    func `a wrong override is called by its name`(_ set: [String], _ environment: [String: String], _ says: String)
        async throws
    {
        let error = try await #require(throws: DaemonError.self) {
            try await load(nil, set: set, environment: environment)
        }
        #expect(error.code == .settings && error.message.contains(says), "\(error)")
    }

    @Test func `a repository says how it is reached`() async throws {
        let settings = try await load(
            """
            hook:
              authority: {file: /etc/ca.pem}
              repositories:
                - url: git@github.com:acme/shop.git
                  secret: {file: s}
                  branches: {}
                  key: {file: /keys/shop}
                  hostKeys: ["SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"]
                - url: http://forge.lan/acme/shop
                  secret: {file: s}
                  branches: {}
                  token: {file: /tokens/shop}
                  allow: [http, privateAddresses]
            """)
        #expect(settings.hook.authority.file == "/etc/ca.pem")
        let (ssh, http) = (settings.hook.repositories[0], settings.hook.repositories[1])
        #expect(ssh.key?.file == "/keys/shop" && ssh.token == nil && ssh.allow.isEmpty)
        #expect(ssh.hostKeys.map(\.fingerprint) == ["SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"])
        #expect(http.token?.file == "/tokens/shop" && http.allow == [.http, .privateAddresses])
    }

    @Test func `a secret's path is relative to the file`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/flock.yaml"
            let text = """
                hook:
                  repositories:
                    - {url: https://github.com/acme/shop, secret: {file: secrets/shop}, branches: {main: production}}
                    - {url: /srv/git/x.git, secret: {file: /etc/x}, branches: {"*": preview}}
                """
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let settings = try SettingsFile(path: path, environment: [:]).load()
            #expect(settings.hook.repositories.flatMap(\.secret.files) == ["\(folder)/secrets/shop", "/etc/x"])
            #expect(settings.hook.repositories.map(\.branches) == [["main": .production], ["*": .preview]])
        }
    }

    @Test func `a repository may have two secrets while one is changed, and be looked at by itself`() async throws {
        func repository(_ secret: String, _ more: String = "") -> String {
            "hook:\n  repositories: [{url: /srv/x.git, secret: \(secret), branches: {main: production}\(more)}]\n"
        }
        let settings = try await load(repository("[{file: /new}, {file: /old}]", ", poll: 30s"))
        #expect(settings.hook.repositories.map(\.secret.files) == [["/new", "/old"]])
        #expect(settings.hook.repositories.map(\.poll) == [TimeSpan(.seconds(30))])
        #expect(settings.hook.builders == 2 && settings.hook.resync == TimeSpan(.seconds(600)))
        for (text, words) in [
            (repository("[]"), "0 secrets"), (repository("[{file: a}, {file: b}, {file: c}]"), "3 secrets"),
            (repository("{file: a}", ", poll: 10ms"), "use 1s or more"), ("hook: {resync: 0s}\n", "use 1s or more"),
            ("hook: {builders: 0}\n", "use 1 to 100"), (repository("{fiel: a}"), "known are: file"),
        ] {
            do {
                _ = try await load(text)
                Issue.record("taken: \(text)")
            } catch {
                #expect("\(error)".contains(words), "\(error)")
            }
        }
    }

    @Test func `parts of other machines need a token, and a certificate off loopback`() async throws {
        let settings = try await load(
            """
            marathonToken: {file: /etc/token}
            parts:
              token: {file: /etc/parts}
              certificate: {file: /etc/cert.pem}
              haproxy: {listen: "10.0.0.5:9002", nodes: [local, "https://10.0.0.6:9002"]}
              backup: {listen: "127.0.0.1:9003", nodes: ["http://127.0.0.1:9003"]}
            """)
        let other = try #require(URL(string: "https://10.0.0.6:9002"))
        #expect(settings.parts.haproxy.listen == ListenAddress("10.0.0.5:9002"))
        #expect(settings.parts.haproxy.nodes == [.local, .remote(other)])
        #expect(settings.parts.token.file == "/etc/parts" && settings.marathonToken.file == "/etc/token")
        #expect(settings.parts.authority.file.isEmpty)
    }

    @Test func `a tilde is the home folder`() async throws {
        let home = FileManager.default.homeDirectoryForCurrentUser.path
        #expect(try await load(nil).state == "\(home)/.local/state/flock")
        #expect(try await load(nil, state: "~/x").state == "\(home)/x")
        #expect(try await load(nil, state: "/var/x").state == "/var/x")
    }

    @Test func `a file that was asked for has to be there`() throws {
        let error = try #require(throws: DaemonError.self) { try SettingsFile(path: "/nowhere/flock.yaml") }
        #expect(error.description.contains("/nowhere/flock.yaml") && error.exitStatus == 78)
    }
}

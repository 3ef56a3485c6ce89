import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Marathon
import Testing

@testable import FlockHAProxy

@Suite struct RenderedFilesTests {
    static func settings(_ style: Settings.HTTP.Style) throws -> Settings {
        try .defaults("state=/tmp/none", "http.style=\(style.rawValue)", "http.log=none")
    }

    private func render(
        _ apps: [App], _ style: Settings.HTTP.Style, slots count: Int = 4, folder: String = "/tmp/none"
    ) throws -> RenderedFiles {
        let settings = try Self.settings(style)
        let table = RoutingTable(apps: apps, domain: settings.domain)
        var slots = SlotTable()
        for route in table.routes where !route.targets.isEmpty {
            slots.grow(route.backend, to: count)
            slots.assign(route.targets.map { ($0.taskID, $0.address, true) }, to: route.backend)
        }
        var renderer = try ConfigurationRenderer(paths: HAProxyPaths(folder: folder), isRoot: false)
        return renderer.render(RoutingPlan(table: table, slots: slots, settings: settings))
    }

    private let demo = AppExamples.app("flock-demo", "1.0.1", ports: [31000], path: "/health")
    private let asleep = AppExamples.app("asleep", "1.0.0")

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `the same routes give the same bytes`(_ style: Settings.HTTP.Style) throws {
        #expect(try render([demo, asleep], style) == render([asleep, demo], style))
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `another member is no other structure`(_ style: Settings.HTTP.Style) throws {
        let one = try render([demo], style)
        let other = try render([AppExamples.app("flock-demo", "1.0.1", ports: [31001, 31002], path: "/health")], style)
        #expect(one.structure == other.structure)
        #expect(one.configuration != other.configuration)
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `more slots are another structure`(_ style: Settings.HTTP.Style) throws {
        #expect(try render([demo], style).structure != render([demo], style, slots: 8).structure)
    }

    @Test func `a renderer that has rendered before gives the same bytes as a new one`() throws {
        let settings = try Self.settings(.map)
        func plan(_ ports: [Int], slots count: Int = 4) -> RoutingPlan {
            let apps = [
                AppExamples.app("flock-demo", "1.0.1", ports: ports), AppExamples.app("b", "1.0.0", ports: [1]),
            ]
            let table = RoutingTable(apps: apps, domain: settings.domain)
            var slots = SlotTable()
            for route in table.routes {
                slots.grow(route.backend, to: count)
                slots.assign(route.targets.map { ($0.taskID, $0.address, true) }, to: route.backend)
            }
            return RoutingPlan(table: table, slots: slots, settings: settings)
        }
        let paths = try HAProxyPaths(folder: "/tmp/none")
        var used = try ConfigurationRenderer(paths: paths, isRoot: false)
        for plan in [plan([31000]), plan([31001]), plan([31001], slots: 8), plan([31000])] {
            var new = try ConfigurationRenderer(paths: paths, isRoot: false)
            #expect(used.structure(of: plan) == new.structure(of: plan))
            #expect(used.render(plan) == new.render(plan))
        }
    }

    @Test(arguments: [
        "/home/some body", "/tmp/a'b", "/tmp/a;b", "/tmp/a\nb", "/" + String(repeating: "x", count: 2000),
    ])
    func `a folder whose path HAProxy cannot read is refused`(_ folder: String) {
        #expect(throws: HAProxyError.self) { try HAProxyPaths(folder: folder) }
    }

    @Test func `of several flock-backups each is used`() throws {
        var settings = try Self.settings(.map)
        settings.backup.servers = [
            ListenAddress(host: "10.0.0.5", port: 9001), ListenAddress(host: "10.0.0.6", port: 9001),
        ]
        let apps = try JSONEncoder().encode(["apps": [demo]])
        let text = try ConfigurationPreview.render(apps: apps, settings: settings, state: StateFolder("/tmp/none"))
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.count { $0 == "option allbackups" } == 1)
        for line in ["server wake1 10.0.0.5:9001", "server wake2 10.0.0.6:9001"] {
            #expect(lines.contains(line) && lines.contains(line + " backup"))
        }
        settings.backup.servers = []
        #expect(
            try !ConfigurationPreview.render(apps: apps, settings: settings, state: StateFolder("/tmp/none"))
                .contains("allbackups"))
    }

    @Test func `another check is another structure`() throws {
        let other = AppExamples.app("flock-demo", "1.0.1", ports: [31000], path: "/other")
        #expect(try render([demo], .map).structure != render([other], .map).structure)
    }

    @Test func `an app that sleeps has lines in the hosts map only`() throws {
        let files = try render([demo, asleep], .map)
        #expect(files.maps.text(of: .hosts).contains("asleep.flock.localhost /asleep-1.0.0\n"))
        #expect(files.maps.text(of: .apps) == "/flock-demo-1.0.1 app_flock_demo_1_0_1\n")
        #expect(!files.configuration.contains("app_asleep"))
    }

    @Test func `the hosts map is in order`() throws {
        let lines = try render([demo, asleep], .map).maps.text(of: .hosts).split(separator: "\n")
        #expect(lines == lines.sorted() && lines.count == 6)
    }

    @Test(arguments: ["/a b", "/a\nb", "/a;b", "/%zz", "/a\"b"])
    func `a hostile check path is left out`(_ path: String) throws {
        let text = try render([AppExamples.app("x", "1.0.0", ports: [31000], path: path)], .map).configuration
        #expect(!text.contains("option httpchk") && !text.contains(path))
    }

    @Test func `the acl style says everything in lines that people can read`() throws {
        let text = try ConfigurationPreview.render(
            apps: JSONEncoder().encode(["apps": [demo]]), settings: Self.settings(.acl), state: StateFolder("/tmp/none")
        )
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(
            lines.contains { $0.hasPrefix("acl acl_flock_demo_1_0_1 hdr(host) -i flock_demo_1_0_1.flock.localhost") })
        #expect(lines.contains("use_backend app_flock_demo_1_0_1 if acl_flock_demo_1_0_1"))
        let start = try #require(lines.firstIndex { $0.hasPrefix("backend app_flock_demo_1_0_1") })
        let backend = lines[start...].prefix { !$0.hasPrefix("frontend") }
        #expect(backend.contains("balance leastconn"))
        #expect(backend.contains("http-request set-header X-Flock-App /flock-demo-1.0.1"))
        #expect(backend.contains { $0.hasPrefix("server s1 127.0.0.1:31000 check ") })
        #expect(
            backend.contains {
                $0.hasPrefix("server server_backup_1 127.0.0.1:9001 check ") && $0.hasSuffix(" backup")
            })
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `haproxy takes the files`(_ style: Settings.HTTP.Style) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "flock-render-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = ConfigurationStore(paths: try HAProxyPaths(folder: folder))
        try store.write(try render([demo, asleep], style, folder: folder))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["haproxy", "-c", "-f", store.paths.configuration]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.start()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(said)")
    }
}

import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Hostile bytes from a browser's side to real apps: each request reaches the app that its Host names, once and without
/// what it said in HAProxy's name, or none.
@Suite(.serialized)
struct SmugglingTests {
    @Test("hostile requests through HAProxy to the apps' tasks")
    func direct() async throws {
        try await Site.run { site in
            let apps = try await InspectedApps(site)
            for app in ["one", "two"] { try await site.isServedByTask("app_\(app)_1_0_0") }
            await apps.expect(HostileRequest.all, port: site.webPort)
        }
    }

    @Test("hostile requests through HAProxy and flock-backup")
    func behindBackup() async throws {
        try await Site.run { site in
            let apps = try await InspectedApps(site)
            // HAProxy goes on without hearing of the tasks that are to come.
            for id in ["/one-1.0.0", "/two-1.0.0"] {
                _ = try await site.marathon.scale(id, to: 0)
                try await eventually("\(id) sleeps") { try await site.marathon.tasks(of: id).isEmpty }
            }
            try await eventually("HAProxy has no tasks") { try await site.serversThatServe() == 0 }
            try await site.kill9("flock-haproxy")
            let before = try await site.metric("flock_backup_requests_total", of: .backup)
            await apps.expect(HostileRequest.all, port: site.webPort)
            #expect(try await site.metric("flock_backup_requests_total", of: .backup) > before + 20)
        }
    }

    @Test("hostile requests to flock-backup itself, which believes the name of the app but not the framing")
    func backupAlone() async throws {
        try await Site.run { site in
            let apps = try await InspectedApps(site)
            await apps.expect(HostileRequest.all.map { $0.naming("/one-1.0.0") }, port: site.backupPort, isBackup: true)
        }
    }
}

/// Two apps that keep what reaches them.
private struct InspectedApps: Sendable {
    private static let names = ["one", "two"]
    private let site: Site

    init(_ site: Site) async throws {
        self.site = site
        for name in Self.names {
            let program = try await site.makeApp(name, files: InspectingApp.files(name: name))
            try await program.push()
            try await eventually("\(name) answers") {
                try await site.request("\(name).flock.test", "/health").body == "ok"
            }
        }
    }

    /// Sends each, and holds what came of it against what may.
    /// - Parameter isBackup: flock-backup alone, whose answers to what it refuses are its own.
    func expect(_ requests: [HostileRequest], port: Int, isBackup: Bool = false) async {
        for request in requests {
            do {
                let answer = try await answer(to: request, port: port)
                let seen = try await seen()
                let what: Comment = "\(request.name): answered \(answer.prefix(300)), seen \(seen)"
                #expect(seen.count <= 1, what)
                #expect(!"\(seen.map(\.seen.url))".contains(HostileRequest.smuggled), what)
                let status = answer.hasPrefix("HTTP/1.") ? Int(answer.dropFirst(9).prefix(3)) ?? -1 : 0
                if !isBackup {
                    #expect(request.statuses.contains(status), what)
                    #expect(answer.components(separatedBy: "HTTP/1.").count <= 2, what)
                    if status == 200 { #expect(seen.count == 1, what) }
                }
                for (app, seen) in seen { check(seen, at: app, isBackup: isBackup, what) }
            } catch {
                Issue.record("\(request.name): \(error)")
            }
        }
    }

    private func check(_ seen: InspectingApp.Seen, at app: String, isBackup: Bool, _ what: Comment) {
        #expect(app == "one", what)
        #expect(seen["x-flock-app"] == ["/one-1.0.0"], what)
        if isBackup { return }
        #expect(seen["x-forwarded-for"] == ["127.0.0.1"] && seen["x-forwarded-proto"] == ["http"], what)
        #expect(seen["x-forwarded-host"] == seen["host"] && seen["host"].count == 1, what)
        let allowed: Set = ["x-flock-app", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]
        let own = seen.names.filter { name in
            let name = name.map { $0.isLetter ? $0 : "-" }
            return String(name).hasPrefix("x-f") || String(name).hasPrefix("forwarded")
        }
        #expect(Set(own).isSubset(of: allowed), what)
        #expect(!(seen.names.contains("content-length") && seen.names.contains("transfer-encoding")), what)
        #expect(seen["content-length"].count <= 1, what)
    }

    /// What comes back until the server closes.
    private func answer(to request: HostileRequest, port: Int) async throws -> String {
        let connection = try await RawConnection.open(port: port)
        defer { connection.close() }
        // A server may close before it has read all.
        try? await connection.send(request.bytes)
        try await eventually("an end of the answer", within: .seconds(45), or: "after \(connection.text)") {
            connection.hasEnded
        }
        return connection.text
    }

    private func seen() async throws -> [(app: String, seen: InspectingApp.Seen)] {
        var all: [(app: String, seen: InspectingApp.Seen)] = []
        for name in Self.names {
            for task in try await site.marathon.tasks(of: "/\(name)-1.0.0") {
                guard let port = task.ports.first else { continue }
                let answer = try await site.get("http://\(task.host):\(port)/seen")
                all += try JSONDecoder().decode([InspectingApp.Seen].self, from: Data(answer.utf8)).map { (name, $0) }
            }
        }
        return all
    }
}

import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

extension EchoServer {
    /// An app that runs it.
    struct Deployed: Sendable {
        var slug: String
        var version = "1.0.0"

        var id: String { "/\(slug)-\(version)" }
        var host: String { "\(slug).flock.test" }
    }

    /// Gives apps to Marathon, and waits until each answers through HAProxy.
    /// - Parameters:
    ///   - options: what the label FLOCK_HTTP says.
    ///   - scale: what the label FLOCK_SCALE says.
    func deploy(
        _ slugs: [String], to site: Site, instances: Int = 1, options: String = "{}", scale: String = #"{"max":1}"#
    ) async throws -> [Deployed] {
        let apps = slugs.map { Deployed(slug: $0) }
        for app in apps {
            let answer = try await site.engine(
                .PUT, "/v2/apps\(app.id)",
                try definition(slug: app.slug, instances: instances, options: options, scale: scale))
            #expect(answer.status == 201, "\(answer)")
        }
        for app in apps {
            try await eventually("\(app.id) answers") {
                try await site.request(app.host).body.hasPrefix("\(app.id) GET / 0")
            }
        }
        return apps
    }

    /// Deploys an app that is new to HAProxy, and waits until that has led to a reload.
    func deployWithReload(_ slug: String, to site: Site) async throws -> Deployed {
        let reloads = try await site.metric("flock_haproxy_reloads_total", of: .haproxy)
        let app = try await deploy([slug], to: site)[0]
        try await eventually("HAProxy has reloaded for \(slug)") {
            try await site.metric("flock_haproxy_reloads_total", of: .haproxy) > reloads
        }
        return app
    }
}

extension Site {
    /// Scales the app by Marathon's plain API, past the lock of a deployment that is just ending.
    func scale(_ app: EchoServer.Deployed, to instances: Int) async throws {
        try await eventually("\(app.id) is scaled to \(instances)") {
            (try? await marathon.scale(app.id, to: instances)) != nil
        }
    }

    /// Scales the app to zero and waits until its tasks are gone.
    func sleep(_ app: EchoServer.Deployed) async throws {
        try await scale(app, to: 0)
        try await eventually("the tasks of \(app.id) are gone") { try await marathon.tasks(of: app.id).isEmpty }
    }

    /// Waits until HAProxy has so many servers that serve, and needs no flock-backup to answer.
    func isServedDirectly(_ apps: [EchoServer.Deployed], tasks: Int) async throws {
        var last = ""
        try await eventually("\(tasks) tasks are served by HAProxy alone", or: last) {
            let before = try await metric("flock_backup_requests_total", of: .backup)
            for app in apps {
                for number in 0..<8 {
                    let answer = try await request(app.host, "/\(number)")
                    guard answer.status == 200, answer.body.hasPrefix("\(app.id) ") else {
                        last = "\(answer)"
                        return false
                    }
                }
            }
            let through = try await metric("flock_backup_requests_total", of: .backup) - before
            let up = try await serversThatServe()
            last = "\(up) are up, \(through) requests went through flock-backup"
            return up == tasks && through == 0
        }
    }

    func launches(of app: String) -> Int {
        log("flock-engine").split(separator: "\n").count {
            $0.contains("task launched") && $0.contains("task=\(app.dropFirst()).")
        }
    }

    /// Pids of the app's tasks.
    func processes(of app: String) throws -> Set<Int32> {
        let sandbox = "\(state)/engine/tasks/\(app.dropFirst())."
        return Set(
            try pids { pid, command in
                let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
                return command == "./echo\0" && folder?.hasPrefix(sandbox) == true
            })
    }

    /// The processes of this site's HAProxy.
    func haproxies() throws -> [(pid: Int32, isMaster: Bool)] { try haproxies(of: state) }

    /// The processes of the HAProxy of a state folder.
    func haproxies(of state: String) throws -> [(pid: Int32, isMaster: Bool)] {
        let pids = try pids { $1.contains("\(state)/haproxy/haproxy.cfg") }
        return pids.map { pid in
            let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
            let parent = status.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap {
                Int32($0)
            }
            return (pid, parent.map(pids.contains) != true)
        }
    }

    private func pids(_ isWanted: (Int32, _ command: String) -> Bool) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }.filter { pid in
            let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            return isWanted(pid, String(decoding: command, as: UTF8.self))
        }
    }
}

extension LoadRequest {
    /// GETs and, every third, a POST with a body of up to 1 MB, some of which take a while, over kept and new connections.
    static func varied(_ number: Int, host: String, apps: Set<String>) -> LoadRequest {
        LoadRequest(
            host: host, path: "/\(number)", wait: number % 5 == 4 ? number % 4 * 10 : 0,
            body: number % 3 == 2 ? LoadBody.all[number / 3 % LoadBody.all.count] : nil,
            connection: number % 4 == 3 ? .new : .kept, apps: apps)
    }

    static func varied(_ number: Int, to app: EchoServer.Deployed) -> LoadRequest {
        varied(number, host: app.host, apps: [app.id])
    }
}

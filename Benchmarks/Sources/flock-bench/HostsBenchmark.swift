import Foundation

/// HAProxy's time for a request to the last of many hosts, and to one that nobody has, over the first.
struct HostsBenchmark {
    let flock: String
    private let apps = 10_000
    private let running = 1000
    private let rounds = 5

    func run() throws {
        let site = try RoutingSite(flock: flock, apps: apps, running: running)
        defer { site.stop() }
        try site.startStandInForBackup()
        try site.startRouting()
        try site.waitUntilServing(running: running)
        // The last one has a task too, so that both are answered by the same server.
        try site.scale(apps - 1, to: 1)
        try site.waitUntil(RoutingSite.host(apps - 1), isAnsweredBy: "task")

        let worker = ProcessFigures(pid: try site.worker())
        let hosts = try site.runtime("show map \(site.hostsMap)").split(separator: "\n").count
        var (first, last, unknown): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<rounds {
            first.append(try Load.cost(to: worker) { try load(RoutingSite.host(0)) })
            last.append(try Load.cost(to: worker) { try load(RoutingSite.host(apps - 1)) })
            unknown.append(try Load.cost(to: worker) { try load("nobody.flock.localhost", areErrors: true) })
        }
        let base = Statistics(first).median
        print(
            "hosts     \(apps) apps with \(hosts) host names; HAProxy's time for a request, median of \(rounds) rounds "
                + "of 2 s, 16 connections, interleaved")
        print("          first host              \(base.rounded(to: 1)) µs")
        for (name, times) in [("last host", last), ("unknown host (404)", unknown)] {
            let median = Statistics(times).median
            print(
                "          \(name.padding(toLength: 24, withPad: " ", startingAt: 0))\(median.rounded(to: 1)) µs, ratio "
                    + "\((median / base).rounded(to: 2))")
        }
    }

    private func load(_ host: String, areErrors: Bool = false) throws -> Load {
        try Load.run(port: RoutingSite.web, host: host, areErrors: areErrors)
    }
}

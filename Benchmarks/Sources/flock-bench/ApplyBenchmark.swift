import Foundation

/// How long it takes until HAProxy has what Marathon says, with many apps: all of it, a change that needs a reload, one
/// that needs none, and many of these at once. The baselines do the same to the same HAProxy by hand.
struct ApplyBenchmark {
    let flock: String
    private let apps = 10_000
    private let running = 1000
    private let starts = 3
    private let reloads = 5
    private let changes = 20
    private let batches = 5

    func run() throws {
        let site = try RoutingSite(flock: flock, apps: apps, running: running)
        defer { site.stop() }
        try site.startStandInForBackup()
        print("apply     \(apps) apps, \(running) of them with a task; medians, interleaved with their baselines")
        try measureStart(site)
        try measureReload(site)
        try measureChange(site)
        try measureNewHost(site)
        try measureBatch(site)
    }

    private func tell(_ what: String, _ times: [Double], _ baseline: String, _ base: [Double]) {
        let (time, base) = (Statistics(times), Statistics(base).median)
        print(
            "          \(what.padding(toLength: 42, withPad: " ", startingAt: 0))\(time.median.rounded(to: 1)) ms, p90 "
                + "\(time.p90.rounded(to: 1)); \(baseline) \(base.rounded(to: 1)) ms, ratio "
                + "\((time.median / base).rounded(to: 1)) (\(times.count) rounds)")
    }

    // MARK: All of it

    private func measureStart(_ site: RoutingSite) throws {
        var (all, read, check): ([Double], [Double], [Double]) = ([], [], [])
        for round in 0..<starts {
            read.append(
                try Program.time { _ = try RawHTTP.request(port: RoutingSite.marathon, "GET", "/v2/apps") })
            all.append(
                try Program.time {
                    try site.startRouting()
                    try site.waitUntilServing(running: running)
                })
            check.append(
                try Program.time {
                    try Program.run("/usr/sbin/haproxy", ["-c", "-f", site.configuration], in: site.folder)
                })
            if round < starts - 1 { try site.stopRouting() }
        }
        tell("start → all is served", all, "haproxy -c", check)
        print("            of it, Marathon's answer                \(Statistics(read).median.rounded(to: 1)) ms")
    }

    /// An app that has no backend in HAProxy yet.
    private func measureReload(_ site: RoutingSite) throws {
        var (times, base): ([Double], [Double]) = ([], [])
        for round in 0..<reloads {
            let number = running + round
            // HAProxy may spend a fifth of the time on reloads; this one is not to wait for the one before.
            usleep(5_000_000)
            times.append(
                try Program.time {
                    try site.scale(number, to: 1)
                    try site.waitUntil(RoutingSite.host(number), isAnsweredBy: "task")
                })
            // Until the files hold it too.
            usleep(1_500_000)
            base.append(
                try Program.time {
                    try Program.run("/usr/sbin/haproxy", ["-c", "-f", site.configuration], in: site.folder)
                    try site.reload()
                })
        }
        try site.scale(running, count: reloads, to: 0)
        tell("event → new backend serves (a reload)", times, "haproxy -c, reload", base)
    }

    // MARK: Through the runtime socket

    /// Apps that have a backend and no task; by hand, another one of them.
    private func measureChange(_ site: RoutingSite) throws {
        let byHand = 1
        try site.scale(0, count: 2, to: 0)
        try awaitReady(site, running - 2)
        var (times, base): ([Double], [Double]) = ([], [])
        for _ in 0..<changes {
            times.append(
                try Program.time {
                    try site.scale(0, to: 1)
                    try awaitReady(site, 1, of: RoutingSite.backend(0))
                })
            guard site.answerer(RoutingSite.host(0)) == "task" else {
                throw RawHTTP.Failure(what: "the server is ready and does not serve")
            }
            try site.scale(0, to: 0)
            try awaitReady(site, 0, of: RoutingSite.backend(0))
            base.append(
                try Program.time {
                    _ = try site.runtime(Self.ready(byHand))
                    try awaitReady(site, 1, of: RoutingSite.backend(byHand))
                })
            _ = try site.runtime(Self.maintenance(byHand))
        }
        tell("event → its server is ready", times, "by hand", base)
    }

    private func measureNewHost(_ site: RoutingSite) throws {
        var (times, base): ([Double], [Double]) = ([], [])
        for round in 0..<changes {
            times.append(
                try Program.time {
                    try site.addApp()
                    try site.waitUntil(RoutingSite.host(apps + round), isAnsweredBy: "wake")
                })
            let host = "by-hand-\(round).flock.localhost"
            base.append(
                try Program.time {
                    _ = try site.runtime("add map \(site.hostsMap) \(host) \(RoutingSite.id(0))")
                    try site.waitUntil(host, isAnsweredBy: "wake")
                })
            _ = try site.runtime("del map \(site.hostsMap) \(host)")
        }
        tell("event → a new app's host is answered", times, "by hand", base)
    }

    /// All at once, an event for each.
    private func measureBatch(_ site: RoutingSite) throws {
        let (ready, maintenance) = (inBatches(Self.ready), inBatches(Self.maintenance))
        var (times, base): ([Double], [Double]) = ([], [])
        for _ in 0..<batches {
            try site.scale(0, count: running, to: 0)
            try awaitReady(site, 0)
            base.append(
                try Program.time {
                    for batch in ready { _ = try site.runtime(batch) }
                    try awaitReady(site, running)
                })
            for batch in maintenance { _ = try site.runtime(batch) }
            times.append(
                try Program.time {
                    try site.scale(0, count: running, to: 1)
                    try awaitReady(site, running)
                })
        }
        tell("\(running) events → all servers are ready", times, "by hand", base)
        print(
            "            for each                                "
                + "\((Statistics(times).median / Double(running)).rounded(to: 2)) ms; by hand "
                + "\((Statistics(base).median / Double(running)).rounded(to: 3)) ms")
    }

    /// What flock-haproxy says to HAProxy of an app that has got a task.
    private static func ready(_ number: Int) -> String {
        let server = "\(RoutingSite.backend(number))/s1"
        return "set server \(server) addr 127.0.0.1 port \(RoutingSite.task);set server \(server) state ready"
    }

    private static func maintenance(_ number: Int) -> String {
        "set server \(RoutingSite.backend(number))/s1 state maint"
    }

    /// As many commands at once as HAProxy's buffer holds.
    private func inBatches(_ command: (Int) -> String) -> [String] {
        stride(from: 0, to: running, by: 100).map { first in
            (first..<min(first + 100, running)).map(command).joined(separator: ";")
        }
    }

    private func awaitReady(_ site: RoutingSite, _ count: Int, of backend: String = "") throws {
        try Program.wait("\(count) servers are ready", within: 120) { try site.readyServers(of: backend) == count }
    }
}

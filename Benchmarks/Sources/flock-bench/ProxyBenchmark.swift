import Foundation

/// Requests to an app that is awake: through HAProxy, and through flock-backup, which carries them until HAProxy has
/// learnt of the task. Requests a second over the same server asked directly, and processor time over HAProxy's.
struct ProxyBenchmark {
    let flock: String
    private let rounds = 5
    /// Fewer than an instance serves at once, so that none waits for its turn.
    private let connections = 8

    private struct Figures {
        var rate: [Double] = []
        /// Microseconds a request.
        var cost: [Double] = []
    }

    func run() throws {
        let site = try RoutingSite(flock: flock, apps: 1, running: 1)
        defer { site.stop() }
        let backupProcess = ProcessFigures(pid: try site.startBackup().processIdentifier)
        try site.startRouting()
        try site.waitUntilServing(running: 1)
        let worker = ProcessFigures(pid: try site.worker())
        var (direct, haproxy, backup) = (Figures(), Figures(), Figures())
        for _ in 0..<rounds {
            direct.rate.append(try load(port: RoutingSite.task).rate)
            try measure(worker, &haproxy) { try load(port: RoutingSite.web) }
            try measure(backupProcess, &backup) {
                try load(port: RoutingSite.backup, header: "X-Flock-App: \(RoutingSite.id(0))")
            }
        }
        let (rate, cost) = (Statistics(direct.rate).median, Statistics(haproxy.cost).median)
        print(
            "proxy     an awake app; medians of \(rounds) rounds of 2 s, \(connections) kept connections, interleaved")
        print("          direct to the app       \(rate.rounded(to: 0)) requests/s")
        for (name, figures) in [("through HAProxy", haproxy), ("through flock-backup", backup)] {
            let (own, time) = (Statistics(figures.rate).median, Statistics(figures.cost).median)
            print(
                "          \(name.padding(toLength: 24, withPad: " ", startingAt: 0))\(own.rounded(to: 0)) requests/s, "
                    + "ratio \((own / rate).rounded(to: 2)); \(time.rounded(to: 1)) µs a request, "
                    + "\((time / cost).rounded(to: 2)) of HAProxy's")
        }
    }

    private func measure(_ process: ProcessFigures, _ figures: inout Figures, _ work: () throws -> Load) throws {
        var rate = 0.0
        figures.cost.append(
            try Load.cost(to: process) {
                let load = try work()
                rate = load.rate
                return load
            })
        figures.rate.append(rate)
    }

    private func load(port: Int, header: String? = nil) throws -> Load {
        try Load.run(port: port, host: RoutingSite.host(0), header: header, connections: connections)
    }
}

import Foundation
import HAProxyStatistics

/// What flock-scaler costs: a look at so many backends over taking the same text apart with Foundation, its share of a
/// core, and its memory once everything it remembers is full.
struct ScalerBenchmark {
    let flock: String
    private let sizes = [100, 1000, 10_000]
    private let most = 10_000
    private let fewAwake = 100
    private let rounds = 3
    /// Less than the thirty seconds after which it reads all of Marathon again.
    private let lookSeconds: UInt32 = 10
    /// Twice that.
    private let shareSeconds: UInt32 = 60
    private let windowSeconds = 60
    /// Decisions that are remembered of each app.
    private let decisions = 60.0

    func run() throws {
        print("scaler    flock-scaler's processor time, against stand-ins for Marathon, HAProxy and the other parts")
        for size in sizes { try measureLook(size) }
        try measureShare(awake: most, every: "2s")
        try measureShare(awake: fewAwake, every: "1s")
        try measureMemory()
    }

    private func tell(_ what: String, _ figures: String) {
        print("          \(what.padding(toLength: 40, withPad: " ", startingAt: 0))\(figures)")
        fflush(nil)
    }

    // MARK: A look

    private func measureLook(_ backends: Int) throws {
        let site = try ScalerSite(flock: flock, apps: backends, awake: backends, every: "100ms")
        defer { site.stop() }
        let text = try site.text()
        let bytes = Array(text.utf8)
        let look = try site.cost(seconds: lookSeconds).look
        let repeats = max(1, most / backends)
        var (parse, base): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            var rows = 0
            base.append(
                ProcessFigures.threadTime {
                    for _ in 0..<repeats {
                        rows += text.components(separatedBy: "\n").count { !$0.components(separatedBy: ",").isEmpty }
                    }
                } / Double(repeats))
            parse.append(
                try ProcessFigures.threadTime {
                    for _ in 0..<repeats { rows += try StatsCSV.rows(in: bytes, keeping: [.backend]).count }
                } / Double(repeats))
            guard rows == repeats * (5 * backends + 2) else { throw RawHTTP.Failure(what: "\(rows) rows") }
        }
        let (parsed, separated) = (Statistics(parse).median, Statistics(base).median)
        tell(
            "\(backends) backends, \((Double(bytes.count) / 1024).rounded(to: 0)) KiB",
            "look \(look.rounded(to: 2)) ms, its parsing alone \(parsed.rounded(to: 2)); components(separatedBy:) "
                + "\(separated.rounded(to: 1)) ms, ratio \((look / separated).rounded(to: 3)), alone "
                + "\((parsed / separated).rounded(to: 3)) (\(rounds) rounds)")
    }

    private func measureShare(awake: Int, every: String) throws {
        let site = try ScalerSite(flock: flock, apps: most, awake: awake, every: every)
        defer { site.stop() }
        let look = try site.cost(seconds: lookSeconds).look
        let share = try site.cost(seconds: shareSeconds).share
        tell(
            "\(most) apps, \(awake) awake, every \(every)",
            "look \(look.rounded(to: 2)) ms; \(share.rounded(to: 2)) % of a core over \(shareSeconds) s, two readings of "
                + "all apps included")
    }

    // MARK: Memory

    private func measureMemory() throws {
        let site = try ScalerSite(flock: flock, apps: most, awake: most, every: "100ms")
        defer { site.stop() }
        let start = try site.figures.memory("Pss", in: "smaps_rollup")
        sleep(UInt32(windowSeconds) + 15)
        let windows = try site.figures.memory("Pss", in: "smaps_rollup")
        // An answer that is missing is another decision, which the log keeps.
        try site.silence(every: 2)
        let before = try site.looks()
        try Program.wait("the logs are full", within: 300) {
            usleep(500_000)
            return try site.looks() - before > decisions + 5
        }
        try site.silence(every: 0)
        let looks = try site.looks()
        try Program.wait("looks as before", within: 60) { try site.looks() > looks + 3 }
        let full = try site.figures.memory("Pss", in: "smaps_rollup")
        func mebibytes(_ value: Double) -> String { (value / 1024).rounded(to: 0) }
        tell(
            "memory, \(most) apps awake",
            "\(mebibytes(start)) MiB at first, \(mebibytes(windows)) with full windows, \(mebibytes(full)) with full logs "
                + "too: \((full / Double(most)).rounded(to: 1)) KiB an app")
    }
}

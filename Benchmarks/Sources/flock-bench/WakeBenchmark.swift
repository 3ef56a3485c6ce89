import Foundation

/// Idle URL to first byte, over the bare start of the same program, which it needs anyway, and over the start of it by
/// `systemd-socket-activate`, which has neither a network of its own nor anything to write down.
struct WakeBenchmark {
    let site: Site
    let program: SiteProgram
    /// An app that is asked for as fast as it answers meanwhile.
    var busy: SiteProgram?
    private let rounds = 20

    func run() throws {
        let load = try busy.map { try Load.launch(port: site.web, host: $0.host) }
        defer {
            load?.terminate()
            load?.waitUntilExit()
        }
        var (bare, socket, woken): ([Double], [Double], [Double]) = ([], [], [])
        var stages: [Stages] = []
        for round in 0..<rounds {
            // In turn, so that all see the same machine.
            bare.append(try program.startBare(port: 28200 + round))
            socket.append(try program.startBySocket(port: 28300 + round))
            try site.putToSleep(program)
            let wake = try wake()
            woken.append(wake.elapsed)
            if let stage = wake.stages { stages.append(stage) }
        }
        let (base, wake) = (Statistics(bare), Statistics(woken))
        let meanwhile = busy.map { ", while \($0.name) is asked for without pause" } ?? ""
        print("wake      \(program.name)\(meanwhile) (\(rounds) rounds, interleaved; isolation \(Machine.isolation))")
        Self.tell("bare start", base)
        Self.tell("systemd-socket-activate", Statistics(socket))
        Self.tell("idle URL → first byte", wake)
        print(
            "            over the bare start   ratio \((wake.median / base.median).rounded(to: 2)), Flock adds "
                + "\((wake.median - base.median).rounded(to: 1)) ms")
        guard !stages.isEmpty else { return }
        print("            of it, medians        " + Stages.text(stages))
    }

    private static func tell(_ what: String, _ times: Statistics) {
        print(
            "          \(what.padding(toLength: 24, withPad: " ", startingAt: 0))median \(times.median.rounded(to: 1)) ms, "
                + "p90 \(times.p90.rounded(to: 1)) ms, slowest \(times.most.rounded(to: 1)) ms")
    }

    // MARK: Stages

    /// Milliseconds since the request, of what happens on the way.
    private struct Stages {
        var asked, began, running, held, answered: Double

        static func text(_ all: [Stages]) -> String {
            let stages: [(String, (Stages) -> Double)] = [
                ("instances asked for", \.asked), ("first instruction", \.began), ("TASK_RUNNING", \.running),
                ("let go by flock-backup", \.held), ("first byte", \.answered),
            ]
            return stages.map { name, value in "\(name) at \(Statistics(all.map(value)).median.rounded(to: 1)) ms" }
                .joined(separator: ", ")
        }
    }

    private func wake() throws -> (elapsed: Double, stages: Stages?) {
        let events = try EventStream(port: site.engine, token: try site.readToken())
        let start = Date().timeIntervalSince1970 * 1000
        let (elapsed, answer) = try RawHTTP.firstByte(port: site.web, path: "/", host: program.host)
        // Only Programs/server.c says when it began.
        guard let nanoseconds = answer.firstMatch(of: /\r\n\r\ntask ([0-9]+)/).flatMap({ Double($0.output.1) }),
            let held = answer.firstMatch(of: /(?i)X-Flock-Woke: ([0-9]+)/).flatMap({ Double($0.output.1) })
        else { return (elapsed, nil) }
        let asked = try events.time(of: ["api_post_event", program.id])
        let running = try events.time(of: ["TASK_RUNNING", program.id])
        return (
            elapsed,
            Stages(
                asked: asked - start, began: nanoseconds / 1e6 - start, running: running - start, held: held,
                answered: elapsed)
        )
    }
}

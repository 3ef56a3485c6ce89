import Foundation

/// How long `flock-scaler simulate` takes over drawing as many random numbers: a day of many requests, and a fleet whose
/// apps are awake now and then.
struct SimulateBenchmark {
    let flock: String
    let root: URL
    private let apps = 1000
    private let days = 30

    func run() throws {
        let day = try simulate(["--trace", root.appendingPathComponent("examples/traces/wc98-1998-06-10.csv").path])
        let drawing = Program.time { draw(day.requests) }
        print(
            "simulate  a day of \(day.requests) requests: \((day.milliseconds / 1000).rounded(to: 1)) s, "
                + "\((Double(day.requests) / day.milliseconds / 1000).rounded(to: 2)) million requests a second; drawing as "
                + "many exponential numbers \((drawing / 1000).rounded(to: 1)) s, ratio "
                + "\((day.milliseconds / drawing).rounded(to: 1))")
        let fleet = try simulate(["--fleet", "\(apps)", "--days", "\(days)", "--start", "100ms", "--service", "100ms"])
        let events = fleet.requests + fleet.seconds
        let drawn = Program.time { draw(events) }
        print(
            "          \(apps) apps for \(days) days, \(fleet.requests) requests and \(fleet.seconds) seconds awake, each with "
                + "a look: \((fleet.milliseconds / 1000).rounded(to: 1)) s, "
                + "\((Double(events) / fleet.milliseconds / 1000).rounded(to: 2)) million of both a second; drawing as many "
                + "\((drawn / 1000).rounded(to: 1)) s, ratio \((fleet.milliseconds / drawn).rounded(to: 1))")
    }

    private func simulate(_ arguments: [String]) throws -> (milliseconds: Double, requests: Int, seconds: Int) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: flock).deletingLastPathComponent()
            .appendingPathComponent("flock-scaler")
        process.arguments = ["simulate", "--json"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        var text = ""
        let milliseconds = try Program.time {
            try process.run()
            text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
        }
        guard let requests = text.firstMatch(of: /"requests" *: *([0-9]+)/).flatMap({ Int($0.output.1) }),
            let seconds = text.firstMatch(of: /"instance_seconds" *: *([0-9]+)/).flatMap({ Int($0.output.1) })
        else { throw RawHTTP.Failure(what: "flock-scaler simulate said: \(text)") }
        return (milliseconds, requests, seconds)
    }

    /// SplitMix64 and a logarithm, as the simulation draws.
    private func draw(_ count: Int) {
        var (state, sum): (UInt64, Double) = (1, 0)
        for _ in 0..<count {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            sum -= log(1 - Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53)
        }
        // Else nothing would be drawn at all.
        precondition(sum >= 0)
    }
}

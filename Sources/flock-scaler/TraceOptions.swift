import ArgumentParser
import FlockScaler
import Foundation

/// What is replayed.
struct TraceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The trace.", valueName: "file"))
    var trace: String?

    @Option(help: ArgumentHelp("Where to begin: 1998-06-10, \"1998-06-10 12:00:00\", or seconds.", valueName: "time"))
    var from: String?

    @Option(help: ArgumentHelp("Where to end, exclusive.", valueName: "time"))
    var to: String?

    @Option(help: ArgumentHelp("Draw requests, instances and waits as SVG.", valueName: "file"))
    var plot: String?

    func simulate(_ trace: String, _ tried: [TriedPolicy], _ options: Simulator.Options) throws -> [Simulator.Row] {
        let simulator = try Simulator(trace: trace, from: from, to: to, ignore: tried[0].ignore, options: options)
        let policies = tried.map { (name: $0.name, policy: $0.policy) }
        guard let plot else { return simulator.compare(policies) }
        return try simulator.compare(policies) { try $0.write(toFile: plot, atomically: true, encoding: .utf8) }
    }
}

import ArgumentParser
import FlockDaemon
import FlockScaler

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Replay a trace, or a made-up fleet of apps, through the decisions of the scaler; change nothing.",
        discussion: discussion)

    @OptionGroup var replay: TraceOptions
    @OptionGroup var fleet: FleetOptions
    @OptionGroup var model: ModelOptions

    @Option(
        name: .customLong("policy"), help: ArgumentHelp("A flock.yaml to try; again for others.", valueName: "file"))
    var policies: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: DaemonOptions

    func validate() throws {
        guard (replay.trace == nil) != (fleet.fleet == nil) else {
            throw ValidationError("Give either --trace FILE or --fleet N.")
        }
        guard fleet.fleet == nil || replay.plot == nil else { throw ValidationError("--plot is for a --trace.") }
    }

    func run() async throws {
        do {
            let tried = try TriedPolicy.all(policies, options)
            if let trace = replay.trace {
                try show(try replay.simulate(trace, tried, model.options), SimulationTable.render)
            } else if let apps = fleet.fleet {
                try show(await fleet.simulate(apps, tried, model.options), SimulationTable.render)
            }
        } catch {
            Output.complain("flock-scaler: \(error)")
            throw ExitCode((error as? DaemonError)?.exitStatus ?? 1)
        }
    }

    private func show<Row: Encodable>(_ rows: [Row], _ table: ([Row]) -> String) throws {
        if json { return try Output.write(json: rows) }
        Output.write(table(rows))
    }
}

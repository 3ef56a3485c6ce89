import ArgumentParser
import FlockScaler

/// What the apps of a made-up fleet are like.
struct FleetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Simulate so many apps instead of a trace, to plan a cluster.", valueName: "apps"))
    var fleet: Int?

    @Option(help: "Days that the fleet is simulated.")
    var days = FleetDistribution().days

    @Option(
        help: ArgumentHelp(
            "Half of the apps have fewer visits an hour than this; log-normal.", valueName: "visits"))
    var visitsPerHour = FleetDistribution().visitsPerHour

    @Option(help: "Standard deviation of the logarithm of the visits an hour.")
    var spread = FleetDistribution().spread

    @Option(help: ArgumentHelp("Requests in a visit on average, some seconds apart.", valueName: "requests"))
    var requestsPerVisit = FleetDistribution().requestsPerVisit

    func validate() throws {
        guard fleet.map({ (1...100_000).contains($0) }) ?? true else {
            throw ValidationError("--fleet: use 1 to 100000.")
        }
        guard (1...366).contains(days) else { throw ValidationError("--days: use 1 to 366.") }
        guard (0.0001...10_000).contains(visitsPerHour), (0...4).contains(spread),
            (1...10_000).contains(requestsPerVisit)
        else {
            throw ValidationError(
                "Use 0.0001 to 10000 --visits-per-hour, a --spread of 0 to 4, 1 to 10000 --requests-per-visit.")
        }
    }

    private func distribution(_ apps: Int) -> FleetDistribution {
        var distribution = FleetDistribution()
        distribution.apps = apps
        distribution.days = days
        distribution.visitsPerHour = visitsPerHour
        distribution.spread = spread
        distribution.requestsPerVisit = requestsPerVisit
        return distribution
    }

    func simulate(_ apps: Int, _ tried: [TriedPolicy], _ options: Simulator.Options) async -> [FleetSimulator.Row] {
        var rows: [FleetSimulator.Row] = []
        for policy in tried {
            let progress = Progress(of: apps, label: policy.name)
            let simulator = FleetSimulator(distribution(apps), options: options)
            rows.append(await simulator.run(policy.policy, named: policy.name) { progress.show($0) })
            progress.end()
        }
        return rows
    }
}

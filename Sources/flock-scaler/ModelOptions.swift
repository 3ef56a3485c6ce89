public import ArgumentParser
public import FlockCore
import FlockScaler

/// What an instance can do, and how a trace is replayed.
struct ModelOptions: ParsableArguments {
    @Option(help: "From the decision until a new instance serves.")
    var start = TimeSpan(.seconds(2))

    @Option(help: "How long a request is served on average; exponentially distributed.")
    var service = TimeSpan(.milliseconds(900))

    @Option(help: "Requests that an instance serves at once.")
    var slots = 10

    @Option(help: "Divide counts by this; of single requests, replay one in so many.")
    var scale = 1.0

    @Option(help: "Another one gives other arrivals.")
    var seed: UInt64 = 1

    func validate() throws {
        guard service.duration > .zero else { throw ValidationError("--service has to be longer than 0.") }
        guard (1...100_000).contains(slots) else { throw ValidationError("--slots: use 1 to 100000.") }
        guard scale >= 1, scale.isFinite else { throw ValidationError("--scale: use 1 or more.") }
    }

    var options: Simulator.Options {
        var options = Simulator.Options()
        options.start = start.duration
        options.service = service.duration
        options.slots = slots
        options.scale = scale
        options.seed = seed
        return options
    }
}

extension TimeSpan: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

import ArgumentParser
import FlockCore
import FlockDaemon
import FlockScaler

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show the last decisions about an app, what they came from, and which rule decided.",
        discussion: """
            RULES
              load          the load over scaler.window
              burst         a sudden load, surely more than the window's
              burst-holds   nothing is taken away in a burst and for a window after it
              delay         more were wanted within scaleDownDelay
              floor         the scaler has just begun to watch: what is there stays for one window
              max-up        one step gives no more than maxUp times the instances that are ready
              max-down      one step leaves at least the present instances divided by maxDown
              min, max      the least and the most
              stale-node    an HAProxy does not answer or does not know the app: nothing is taken away
              silent        no HAProxy answers: nothing is known
              deploying     a deployment of the app runs
              idle          nobody used it for idleAfter
              min-awake     idle, and not yet awake for minAwake
              schedule      kept awake by "awake" or "min"
              asleep        it has no instance

            EXAMPLES
              flock-scaler explain shop
              flock-scaler explain /shop-1.0.1 --json
            """)

    @Argument(help: "A name, which stands for what is released under it, or the id of one version.")
    var app: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        do {
            let context = try Daemon.context("flock-scaler", options: options)
            let explanation = try await Explanation.ask(about: app, state: context.state)
            if json { return try Output.write(json: explanation) }
            Output.write(ExplanationTable.render(explanation))
        } catch let error as PartClient.Failure where error.code == .notFound {
            Output.complain("flock-scaler: there is no app \"\(app)\"; \"flock apps\" lists them.")
            throw ExitCode(1)
        } catch {
            Output.complain("flock-scaler: \(error)")
            throw ExitCode((error as? PartClient.Failure)?.code == .unreachable ? 69 : 1)
        }
    }
}

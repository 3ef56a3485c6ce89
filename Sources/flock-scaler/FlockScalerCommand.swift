import ArgumentParser
import FlockCore
import FlockDaemon
import FlockScaler

@main
struct FlockScalerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock-scaler",
        abstract: "Reads HAProxy's statistics, scales apps with their load, and puts idle ones to sleep.",
        discussion: """
            EXAMPLES
              flock-scaler --set scaler.idleAfter=5m
              flock apps
            """)

    @OptionGroup var options: DaemonOptions

    func run() async {
        await Daemon.run("flock-scaler", options: options) { context in
            let scaler = ScalerService(settings: context.settings, state: context.state, logger: context.logger)
            return [scaler]
                + (try context.servers(of: .scaler, reporting: scaler, routes: ScalerAPI(scaler: scaler).addRoutes))
        }
    }
}

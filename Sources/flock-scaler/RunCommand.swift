import ArgumentParser
import FlockCore
import FlockDaemon
import FlockScaler

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run until stopped (the default).")

    @OptionGroup var options: DaemonOptions

    func run() async {
        await Daemon.run("flock-scaler", options: options) { context in
            let scaler = ScalerService(settings: context.settings, state: context.state, logger: context.logger)
            return [scaler]
                + (try context.servers(of: .scaler, reporting: scaler, routes: ScalerAPI(scaler: scaler).addRoutes))
        }
    }
}

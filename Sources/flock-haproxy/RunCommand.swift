import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHAProxy

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run until stopped (the default).")

    @OptionGroup var options: DaemonOptions

    func run() async {
        await Daemon.run("flock-haproxy", options: options) { context in
            let settings = context.settings.current
            let routing = try RoutingService(settings: context.settings, state: context.state, logger: context.logger)
            if await !routing.isServing() {
                try await PortCheck.requireFree(settings.haproxyListeners)
            }
            return [
                routing,
                ReportingServer(
                    .socket(context.state.socket(.haproxy)), reporting: routing, logger: context.logger,
                    routes: RoutingAPI(routing: routing).addRoutes),
            ]
        }
    }
}

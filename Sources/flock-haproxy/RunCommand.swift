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
            var ports = context.addresses(of: .haproxy)
            if await !routing.isServing() {
                ports += settings.haproxyListeners
            }
            try PortCheck.requireFree(ports)
            return [routing]
                + (try context.servers(
                    of: .haproxy, reporting: routing, routes: RoutingAPI(routing: routing).addRoutes))
        }
    }
}

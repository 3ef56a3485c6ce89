import ArgumentParser
import FlockCore
import FlockDaemon
import FlockEngine

@main
struct FlockEngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock-engine",
        abstract: "Marathon's REST API for this machine: runs apps as processes.",
        discussion: """
            Killing it does not kill the apps; the next start takes them over.

            EXAMPLES
              flock-engine --set engine.listen=127.0.0.1:8080
              curl -s -u ":$(cat ~/.local/state/flock/engine-token)" 127.0.0.1:8080/v2/apps | jq
            """)

    @OptionGroup var options: DaemonOptions

    func run() async {
        await Daemon.run("flock-engine", options: options) { context in
            let listen = context.settings.current.engine.listen
            try PortCheck.requireFree([(listen, "engine.listen")])
            let engine = try await Engine(settings: context.settings, state: context.state, logger: context.logger)
            let access = try AccessControl(settings: context.settings.current.engine, state: context.state)
            let api = EngineAPI(engine: engine, access: access)
            return [
                engine,
                ReportingServer(
                    .tcp(listen, setting: "engine.listen"), reporting: engine,
                    logger: context.logger, routes: api.addRoutes),
                ReportingServer(.socket(context.state.socket(.engine)), reporting: engine, logger: context.logger),
            ]
        }
    }
}

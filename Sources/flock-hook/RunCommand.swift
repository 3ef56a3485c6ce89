import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run until stopped (the default).")

    @OptionGroup var options: DaemonOptions

    func run() async {
        await Daemon.run("flock-hook", options: options) { context in
            let settings = context.settings.current.hook
            try PortCheck.requireFree([(settings.listen, "hook.listen"), (settings.artifacts, "hook.artifacts")])
            let hook = try HookService(settings: context.settings, state: context.state, logger: context.logger)
            return [
                hook,
                ReportingServer(
                    .tcp(settings.listen, setting: "hook.listen"), reporting: hook,
                    logger: context.logger, routes: DeliveryAPI(hook: hook).addRoutes),
                ReportingServer(
                    .tcp(settings.artifacts, setting: "hook.artifacts"), reporting: hook,
                    logger: context.logger, routes: ArtifactAPI(state: context.state).addRoutes),
                ReportingServer(
                    .socket(context.state.socket(.hook)), reporting: hook, logger: context.logger,
                    routes: LocalHookAPI(hook: hook).addRoutes),
            ]
        }
    }
}

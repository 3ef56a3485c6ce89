import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook

@main
struct FlockHookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock-hook",
        abstract: "Turns pushes into apps: takes webhooks, deploys what was pushed, makes releases.",
        discussion: """
            Point a webhook of GitHub, GitLab, Gitea or Bitbucket at http://HOST:9000/hooks, content type \
            application/json, with the secret of the repository's entry in flock.yaml.

            EXAMPLES
              flock-hook --config /etc/flock/flock.yaml
              flock deploys
            """)

    @OptionGroup var options: DaemonOptions

    func run() async {
        await Daemon.run("flock-hook", options: options) { context in
            let hook = try HookService(settings: context.settings, state: context.state, logger: context.logger)
            return [
                hook,
                ReportingServer(
                    .tcp(context.settings.current.hook.listen, setting: "hook.listen"), reporting: hook,
                    logger: context.logger, routes: HookAPI(hook: hook).addRoutes),
                ReportingServer(
                    .socket(context.state.socket(.hook)), reporting: hook, logger: context.logger,
                    routes: LocalHookAPI(hook: hook).addRoutes),
            ]
        }
    }
}

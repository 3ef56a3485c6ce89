import ArgumentParser
import FlockBackup
import FlockCore
import FlockDaemon
import FlockEngine
import FlockHAProxy
import FlockHook
import FlockScaler
import ServiceLifecycle

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run all of Flock on this machine, in this process.",
        discussion: """
            Ctrl-C ends everything: the parts, HAProxy and the apps. SIGTERM, as systemd sends it, ends only this \
            process: HAProxy and the apps go on serving, and the next "flock up" takes them over.

            EXAMPLES
              flock up
              flock up --set http.listen=0.0.0.0:80 --set domain=apps.example.org
            """)

    @OptionGroup var options: DaemonOptions

    func run() async {
        let interrupt = Interrupt()
        await Daemon.run(
            "flock", doing: StateFolder.Part.allCases.map { "flock-\($0.rawValue)" }, options: options
        ) { context in
            let settings = context.settings.current
            let routing = try RoutingService(settings: context.settings, state: context.state, logger: context.logger)
            var ports = [
                (settings.hook.listen, "hook.listen"), (settings.hook.artifacts, "hook.artifacts"),
                (settings.backup.listen, "backup.listen"),
            ]
            ports += context.addresses(of: .haproxy, .backup)
            if await !routing.isServing() {
                ports += settings.haproxyListeners
            }
            if settings.marathon == nil { ports.append((settings.engine.listen, "engine.listen")) }
            try PortCheck.requireFree(ports)

            var services: [any Service] = [interrupt]
            var teardown: [@Sendable () async -> Void] = []
            if settings.marathon == nil {
                let engine = try await Engine(settings: context.settings, state: context.state, logger: context.logger)
                let api = EngineAPI(
                    engine: engine, access: try AccessControl(settings: settings.engine, state: context.state))
                services += [
                    engine,
                    ReportingServer(
                        .tcp(settings.engine.listen, setting: "engine.listen"), reporting: engine,
                        logger: context.logger, routes: api.addRoutes),
                    ReportingServer(.socket(context.state.socket(.engine)), reporting: engine, logger: context.logger),
                ]
                teardown.append { await engine.stopTasks() }
            }
            let hook = try HookService(settings: context.settings, state: context.state, logger: context.logger)
            let waker = Waker(settings: context.settings, state: context.state, logger: context.logger)
            let scaler = ScalerService(settings: context.settings, state: context.state, logger: context.logger)
            services += [
                routing, hook, waker, scaler,
                try BackupServer(waker: waker, settings: context.settings, logger: context.logger),
                ReportingServer(
                    .tcp(settings.hook.listen, setting: "hook.listen"), reporting: hook, logger: context.logger,
                    routes: DeliveryAPI(hook: hook).addRoutes),
                ReportingServer(
                    .tcp(settings.hook.artifacts, setting: "hook.artifacts"), reporting: hook, logger: context.logger,
                    routes: ArtifactAPI(state: context.state).addRoutes),
                ReportingServer(
                    .socket(context.state.socket(.hook)), reporting: hook, logger: context.logger,
                    routes: LocalHookAPI(hook: hook).addRoutes),
            ]
            services += try context.servers(
                of: .haproxy, reporting: routing, routes: RoutingAPI(routing: routing).addRoutes)
            services += try context.servers(of: .backup, reporting: waker, routes: HoldAPI(waker: waker).addRoutes)
            services += try context.servers(of: .scaler, reporting: scaler, routes: ScalerAPI(scaler: scaler).addRoutes)
            teardown.append { try? await routing.stopHAProxy() }
            interrupt.teardown = teardown
            Output.write(
                """
                Flock is starting. Apps answer at \(settings.url(host: "<app>.\(settings.domain)"))
                  webhooks    http://\(settings.hook.listen)/hooks
                  statistics  http://\(settings.stats.listen)/stats
                  state       \(context.state.path)

                """)
            return services
        } afterwards: {
            await interrupt.tearDown()
        }
    }
}

import ArgumentParser
import FlockBackup
import FlockCore
import FlockDaemon

@main
struct FlockBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock-backup",
        abstract: "The warm-up server: holds the first request of a sleeping app, wakes the app, proxies the request.",
        discussion: """
            Every backend of HAProxy has it as its backup server; HAProxy names the app in the header X-Flock-App.

            EXAMPLES
              flock-backup --set backup.hold=60s
            """)

    @OptionGroup var options: DaemonOptions

    func run() async {
        await Daemon.run("flock-backup", options: options) { context in
            let waker = Waker(settings: context.settings, state: context.state, logger: context.logger)
            try PortCheck.requireFree(
                [(context.settings.current.backup.listen, "backup.listen")] + context.addresses(of: .backup))
            return [waker, try BackupServer(waker: waker, settings: context.settings, logger: context.logger)]
                + (try context.servers(of: .backup, reporting: waker, routes: HoldAPI(waker: waker).addRoutes))
        }
    }
}

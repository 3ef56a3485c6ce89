import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import NIOHTTP1

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Serve an earlier release again.",
        discussion: """
            That is a new release, of the old code and the old configuration. It holds at once where the old app is \
            there, asleep or awake; else the app is started from what is kept, and checked first. A deploy of the app \
            that is under way ends before.

            EXAMPLES
              flock rollback shop               the release before the present one
              flock rollback shop 2             release v2
            """)

    @OptionGroup var options: DaemonOptions
    @Argument(help: "The app, as \"flock apps\" names it.") var app: String
    @Argument(help: "The number of the release, as \"flock releases\" lists it.") var number: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            let number = number.map { $0.hasPrefix("v") ? String($0.dropFirst()) : $0 }
            let query = [("app", app)] + (number.map { [("to", $0)] } ?? [])
            try connection.tell(try await connection.hook(.POST, "rollback", query), json: json)
        }
    }
}

extension Connection {
    func tell(_ release: Release, json: Bool) throws {
        if json { return try Output.write(json: release) }
        let url = settings.url(host: "\(release.slug).\(settings.domain)")
        Output.write(
            "v\(release.number) of \(release.slug) is live at \(url): \(release.appID), \(release.reason)\n")
    }
}

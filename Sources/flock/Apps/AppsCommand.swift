import ArgumentParser
import FlockCore
import FlockDaemon
import Foundation
import Marathon
import NIOHTTP1

struct AppsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apps", abstract: "List apps: what serves, what sleeps, where.",
        discussion: """
            EXAMPLES
              flock apps
              flock apps --json | jq -r '.[] | select(.state == "asleep") | .url'
            """)

    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            let apps = try await connection.marathon.apps()
            // Without the scaler only the last column is missing.
            let activities = (try? await connection.part(.scaler).ask(.GET, "/v1/apps", as: [Activity].self)) ?? []
            let closed = (try? await connection.part(.haproxy).ask(.GET, "/v1/closed", as: [ClosedApp].self)) ?? []
            let rows = AppRow.rows(apps, activities, closed, settings: connection.settings)
            if json { return try Output.write(json: rows) }
            guard !rows.isEmpty else {
                return Output.write("No apps yet. \"flock repo create NAME\" makes a repository to push to.\n")
            }
            var table = Table(columns: ["APP", "VERSION", "RELEASE", "STATE", "INSTANCES", "LAST REQUEST", "URL"])
            for row in rows {
                table.add([
                    row.slug, row.version, row.release.map { "v\($0)" } ?? "-", row.state, String(row.instances),
                    row.lastRequest.map { Output.age($0) } ?? "-", row.url,
                ])
            }
            Output.write(table.render())
            for row in rows {
                if let why = row.closedBecause { Output.complain("\(row.id) is closed: \(why)") }
            }
        }
    }
}

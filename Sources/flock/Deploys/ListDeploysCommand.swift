import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import Foundation
import NIOHTTP1

struct ListDeploysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "The newest deploys (the default).")

    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON.") var json = false
    @Option(help: "How many.") var limit = 20
    @Option(help: "Of this app only: the name in its address.") var app: String?
    @Option(help: "In this state only, such as queued, live or failed.") var status: String?

    func validate() throws {
        guard let status, DeployRecord.State(rawValue: status) == nil else { return }
        let known = DeployRecord.State.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("no state is called \"\(status)\"; there are \(known)")
    }

    func run() async throws {
        try await Connection.run(options) { connection in
            var query = "limit=\(limit)"
            if let app {
                guard let slug = Slug(app) else { throw ValidationError("no app can be called \"\(app)\"") }
                query += "&app=\(slug)"
            }
            if let status { query += "&state=\(status)" }
            let deploys = try await connection.part(.hook).ask(.GET, "/v1/deploys?\(query)", as: [DeployRecord].self)
            if json { return try Output.write(json: deploys) }
            guard !deploys.isEmpty else {
                return Output.write(app == nil && status == nil ? "Nothing was pushed yet.\n" : "No such deploy.\n")
            }
            var table = Table(columns: ["DEPLOY", "APP", "VERSION", "BRANCH", "COMMIT", "STATE", "WHEN", "WHY"])
            for deploy in deploys {
                table.add([
                    // A program whose package.json was not read has no name yet.
                    String(deploy.id), deploy.slug ?? deploy.folder.map { "#\($0)" } ?? "-", deploy.version ?? "-",
                    deploy.branch,
                    deploy.commit.isEmpty ? "-" : String(deploy.commit.prefix(7)), deploy.state.rawValue,
                    Output.age(deploy.createdAt),
                    deploy.reason ?? "",
                ])
            }
            Output.write(table.render())
        }
    }
}

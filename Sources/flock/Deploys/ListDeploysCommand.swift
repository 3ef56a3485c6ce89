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

    func run() async throws {
        try await Connection.run(options) { connection in
            let deploys = try await connection.part(.hook).ask(
                .GET, "/v1/deploys?limit=\(limit)", as: [DeployRecord].self)
            if json { return try Output.write(json: deploys) }
            guard !deploys.isEmpty else { return Output.write("Nothing was pushed yet.\n") }
            var table = Table(columns: ["DEPLOY", "APP", "VERSION", "BRANCH", "COMMIT", "STATE", "WHEN", "WHY"])
            for deploy in deploys {
                table.add([
                    String(deploy.id), deploy.slug ?? "-", deploy.version ?? "-", deploy.branch,
                    String(deploy.commit.prefix(7)), deploy.state.rawValue, Output.age(deploy.createdAt),
                    deploy.reason ?? "",
                ])
            }
            Output.write(table.render())
        }
    }
}

import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import NIOHTTP1

struct ListNamesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the names that repositories have (the default).")

    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            let claims = try await connection.names()
            if json { return try Output.write(json: claims) }
            guard !claims.isEmpty else { return Output.write("None yet. A name is claimed by its first push.\n") }
            var table = Table(columns: ["NAME", "REPOSITORY", "SINCE"])
            for claim in claims {
                table.add([claim.name, claim.repository, claim.since.map { Output.age($0) } ?? "-"])
            }
            Output.write(table.render())
        }
    }
}

extension Connection {
    func names() async throws -> [NameClaim] {
        try await part(.hook).ask(.GET, "/v1/names")
    }
}

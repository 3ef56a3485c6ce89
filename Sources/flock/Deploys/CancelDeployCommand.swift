import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import NIOHTTP1

struct CancelDeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a deploy that Marathon does not have yet.",
        discussion: "What is submitted already is not taken back: push a mend, or roll back.")

    @Argument(help: "The deploy's number.") var id: Int64
    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            let deploy = try await connection.part(.hook).ask(
                .POST, "/v1/deploys/\(id)/cancel", as: DeployRecord.self)
            if json { return try Output.write(json: deploy) }
            Output.write("deploy \(id) is \(deploy.summary)\n")
        }
    }
}

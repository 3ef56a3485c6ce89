import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import Foundation
import NIOHTTP1

struct ShowDeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The story of one deploy, as it happens.")

    @Argument(help: "The deploy's number.") var id: Int64
    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON, an event a line.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            let deploy = try await connection.part(.hook).ask(.GET, "/v1/deploys/\(id)", as: DeployRecord.self)
            if !json {
                let commit = deploy.commit.isEmpty ? "" : " at \(deploy.commit.prefix(7))"
                Output.write("deploy \(id): \(deploy.branch)\(commit) of \(deploy.repository), \(deploy.summary)\n")
            }
            let start = deploy.createdAt
            let end = try await DeployStory(connection.part(.hook)).follow(id) { event, line in
                if json { return Output.write(line + "\n") }
                let elapsed = String(format: "%8.3f s", event.at.timeIntervalSince(start))
                Output.write(
                    "\(elapsed)  \(event.state.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0))  \(event.text)\n"
                )
            }
            if end == .failed { throw ExitCode.failure }
        }
    }
}

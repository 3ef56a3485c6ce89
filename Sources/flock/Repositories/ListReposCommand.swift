import ArgumentParser
import FlockCore
import FlockDaemon
import Foundation

struct ListReposCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the repositories of this machine.")

    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            let folder = connection.state.repositories
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
                $0.hasSuffix(".git")
            }
            let paths = names.sorted().map { "\(folder)/\($0)" }
            if json { return try Output.write(json: paths) }
            guard !paths.isEmpty else { return Output.write("None yet. \"flock repo create NAME\" makes one.\n") }
            for path in paths { Output.write(path + "\n") }
        }
    }
}

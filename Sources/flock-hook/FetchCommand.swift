import ArgumentParser
import FlockDaemon
import FlockHook

struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Fetch a repository of the settings as a deploy would, and deploy nothing.",
        discussion: """
            Says whether its token, key and URL are right. What is fetched stays where the next deploy finds it.

            EXAMPLES
              flock-hook fetch https://github.com/acme/shop
              flock-hook fetch git@github.com:acme/shop.git --branch next --archive shop.tar
            """)

    @Argument(
        help: "Its url in hook.repositories, with #PATH for one of several programs, or the path of a bare repository.")
    var url: String

    @Option(help: "The branch.")
    var branch = "main"

    @Option(help: "Write the code of the commit there, as a tar archive.")
    var archive: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        do {
            let context = try Daemon.context("flock-hook", options: options)
            let trial = try await FetchTrial.run(
                url, branch: branch, archive: archive, settings: context.settings, state: context.state)
            if json { return try Output.write(json: trial) }
            let files = trial.archive.map { ", \($0.files) files of \($0.bytes) bytes to \(archive ?? "")" } ?? ""
            Output.write("\(branch) is at \(trial.commit), fetched in \(Int(trial.milliseconds)) ms\(files)\n")
        } catch {
            Output.complain("flock-hook: \(error)")
            throw ExitCode((error as? DaemonError)?.exitStatus ?? 1)
        }
    }
}

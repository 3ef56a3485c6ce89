import ArgumentParser
import FlockCore
import FlockDaemon

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong in a package.json before it is deployed: all of it, with what would be right.",
        discussion: """
            Reads package.json, Procfile and what lies beside them, as a deploy does. The same rules, for editors, are in
            templates/package.schema.json. Exit status: 0 when nothing is wrong, 65 when something is, 66 when there is
            nothing to read.

            EXAMPLES
              flock check                             the program in this folder
              flock check apps/shop --json
              flock check shop.git --commit 1a2b3c4   in a repository, such as in a pre-receive hook
            """)

    @Argument(help: "A program's folder, a package.json, or a repository with --commit.") var path = "."
    @Option(help: "Read this commit of the repository instead of files.") var commit: String?
    @Option(help: "The program's folder within the repository.") var folder = ""
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let source = ProgramSource(path: path, commit: commit, folder: folder)
        let report: CheckReport
        do {
            report = CheckReport(try await source.files(), at: source.place)
        } catch {
            Output.complain("flock: \(error)")
            throw ExitCode(66)
        }
        if json { try Output.write(json: report) } else { Output.write(report.text) }
        if !report.problems.isEmpty { throw ExitCode(65) }
    }
}

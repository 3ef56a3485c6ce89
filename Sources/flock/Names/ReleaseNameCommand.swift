import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import Foundation
import Marathon
import NIOHTTP1

struct ReleaseNameCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Take a name from its repository; the next one that pushes it has it.",
        discussion: """
            For a repository that was renamed, moved or replaced. What is served under the name stays, and can be rolled \
            back to; the numbers of its releases go on. Whoever has the name next gets the secrets that are kept for it.

            EXAMPLES
              flock names release shop
              flock names release shop --yes    without being asked, for scripts
            """)

    @Argument(help: "The name, as \"flock names\" lists it.") var name: String
    @OptionGroup var options: DaemonOptions
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            if !yes {
                guard let claim = try await connection.names().first(where: { $0.name == name }) else {
                    throw CommandError(
                        .nameUnknown,
                        "no repository has the name \"\(name)\"; \"flock names\" lists those that are claimed")
                }
                try await confirm(claim, connection)
            }
            let released: NameClaim = try await connection.hook(.DELETE, "names", [("app", name)])
            if json { return try Output.write(json: released) }
            Output.write(
                "\(name) is not \(released.repository)'s any more. The next repository that pushes it has it.\n")
        }
    }

    /// Says what is under the name, and goes on only if a person agrees.
    private func confirm(_ claim: NameClaim, _ connection: Connection) async throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError(
                .confirmationNeeded,
                "\(name) is \(claim.repository)'s, and there is no terminal to ask at; say --yes to release it")
        }
        let url = connection.settings.url(host: "\(name).\(connection.settings.domain)")
        let served =
            try await connection.record(of: name)
            .map { "\(url) serves \($0.target), v\($0.number), and goes on doing so." } ?? "It serves nothing."
        let question = """
            \(name) is \(claim.repository)'s. \(served)
            The next repository that pushes the name has it, with the secrets that are kept for it.
            Release it? [y/N]\u{20}
            """
        FileHandle.standardError.write(Data(question.utf8))
        guard ["y", "yes"].contains(readLine()?.lowercased()) else {
            Output.complain("Nothing was changed.")
            throw ExitCode.failure
        }
    }
}

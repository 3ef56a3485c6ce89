import ArgumentParser

struct RepoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repo", abstract: "Repositories on this machine that can be pushed to.",
        subcommands: [CreateRepoCommand.self, ListReposCommand.self])
}

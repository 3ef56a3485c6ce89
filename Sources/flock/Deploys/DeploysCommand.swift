import ArgumentParser

struct DeploysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploys", abstract: "List pushes and what became of them.",
        discussion: """
            EXAMPLES
              flock deploys
              flock deploys show 12
            """,
        subcommands: [ListDeploysCommand.self, ShowDeployCommand.self], defaultSubcommand: ListDeploysCommand.self)
}

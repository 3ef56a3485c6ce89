import ArgumentParser

struct DeploysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploys", abstract: "List pushes and what became of them.",
        discussion: """
            EXAMPLES
              flock deploys
              flock deploys --app shop --status failed
              flock deploys show 12
              flock deploys cancel 13

            Each says in words why something was not deployed; docs/reason-codes.md lists the codes behind them.
            """,
        subcommands: [ListDeploysCommand.self, ShowDeployCommand.self, CancelDeployCommand.self],
        defaultSubcommand: ListDeploysCommand.self)
}

import ArgumentParser

@main
struct FlockScalerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock-scaler",
        abstract: "Reads HAProxy's statistics, scales apps with their load, and puts idle ones to sleep.",
        discussion: """
            EXAMPLES
              flock-scaler --set scaler.idleAfter=5m
              flock-scaler explain shop
              flock-scaler simulate --trace access.log --policy flock.yaml --policy tried.yaml
            """,
        subcommands: [RunCommand.self, ExplainCommand.self, SimulateCommand.self], defaultSubcommand: RunCommand.self)
}

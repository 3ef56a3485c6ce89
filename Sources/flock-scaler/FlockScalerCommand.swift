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
            """,
        subcommands: [RunCommand.self, ExplainCommand.self], defaultSubcommand: RunCommand.self)
}

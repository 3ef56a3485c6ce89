import ArgumentParser

@main
struct FlockHAProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock-haproxy",
        abstract: "Keeps HAProxy true to Marathon: routes, members, and the warm-up server for sleeping apps.",
        discussion: """
            Starts HAProxy and owns it; stopping flock-haproxy leaves HAProxy serving, and the next start takes it over.

            EXAMPLES
              flock-haproxy
              flock-haproxy render --style acl
              curl -s localhost:8080/v2/apps?embed=apps.tasks > apps.json && flock-haproxy render --apps apps.json
            """,
        subcommands: [RunCommand.self, RenderCommand.self], defaultSubcommand: RunCommand.self)
}

import ArgumentParser

@main
struct FlockHookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock-hook",
        abstract: "Turns pushes into apps: takes webhooks, deploys what was pushed, makes releases.",
        discussion: """
            Point a webhook of GitHub, GitLab, Gitea or Bitbucket at http://HOST:9000/hooks, content type \
            application/json, with the secret of the repository's entry in flock.yaml.

            EXAMPLES
              flock-hook --config /etc/flock/flock.yaml
              flock-hook fetch https://github.com/acme/shop
              flock deploys
            """,
        subcommands: [RunCommand.self, FetchCommand.self], defaultSubcommand: RunCommand.self)
}

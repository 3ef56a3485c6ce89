import ArgumentParser

@main
struct FlockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flock",
        abstract: "Push to deploy; an idle app costs nothing; hit its URL and it wakes.",
        discussion: """
            EXAMPLES
              flock up                          everything on this machine, in one process
              flock repo create shop            a repository to push to
              flock check                       what is wrong in this folder's package.json
              git push flock main               in your program's folder
              flock apps                        what is there, and what sleeps
              flock logs shop -f
            """,
        subcommands: [
            UpCommand.self, DownCommand.self, AppsCommand.self, LogsCommand.self, DeploysCommand.self,
            ReleasesCommand.self, RollbackCommand.self, PromoteCommand.self, CanaryCommand.self,
            NamesCommand.self, RepoCommand.self,
            CheckCommand.self, DoctorCommand.self, DeliverCommand.self,
        ])
}

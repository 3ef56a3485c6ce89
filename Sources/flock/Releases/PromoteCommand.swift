import ArgumentParser
import FlockCore
import FlockDaemon
import NIOHTTP1

struct PromoteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Make a preview, or a version that was released before, the release.",
        discussion: """
            A preview's code goes to production as it is, without another build, under the id and the names that a push \
            of the same commit to a production branch would give it. The preview stays.

            EXAMPLES
              flock promote feature-x--shop           by the preview's host name, address or id
              flock promote shop 1.0.0                the newest release of that version
            """)

    @OptionGroup var options: DaemonOptions
    @Argument(help: "A preview; with VERSION, an app, as \"flock apps\" names it.") var app: String
    @Argument(help: "A version that was released.") var version: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            let query = version.map { [("app", app), ("version", $0)] } ?? [("preview", app)]
            try connection.tell(try await connection.hook(.POST, "promote", query), json: json)
        }
    }
}

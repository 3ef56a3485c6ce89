public import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHAProxy
import Foundation

struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Print the configuration that would be used; change nothing.")

    @OptionGroup var options: DaemonOptions

    @Option(help: "map or acl, over the setting http.style.")
    var style: Settings.HTTP.Style?

    @Option(help: "A file with the answer of GET /v2/apps?embed=apps.tasks; else Marathon is asked.")
    var apps: String?

    func run() async throws {
        do {
            let context = try Daemon.context("flock-haproxy", options: options)
            var settings = context.settings.current
            if let style { settings.http.style = style }
            let answer: Data
            if let apps {
                answer = try Data(contentsOf: URL(fileURLWithPath: apps))
            } else {
                answer = try await ConfigurationPreview.askMarathon(settings, state: context.state)
            }
            Output.write(try ConfigurationPreview.render(apps: answer, settings: settings, state: context.state))
        } catch {
            Output.complain("flock-haproxy: \(error)")
            throw ExitCode.failure
        }
    }
}

extension Settings.HTTP.Style: ExpressibleByArgument {}

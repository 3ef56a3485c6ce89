import ArgumentParser
import FlockCore
import FlockDaemon
import FlockEngine
import FlockHAProxy
import Foundation
import Logging

struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "End everything that \"flock up\" started: its process, HAProxy and the apps.",
        discussion: """
            Works also when the process of "flock up" is gone and left HAProxy and apps behind. Nothing is forgotten: \
            the next "flock up" starts the same apps.
            """)

    @OptionGroup var options: DaemonOptions

    func run() async throws {
        do {
            let context = try Daemon.context("flock", options: options, level: .warning)
            if let pid = StateLock.holder(of: "flock", state: context.state) {
                Output.write("Stopping flock up (process \(pid)).\n")
                kill(pid, SIGINT)
                let deadline = ContinuousClock.now + .seconds(60)
                while StateLock.holder(of: "flock", state: context.state) != nil {
                    guard ContinuousClock.now < deadline else {
                        throw DaemonError(
                            .alreadyRunning, "process \(pid) does not end",
                            hint: "kill -9 \(pid), then flock down again.")
                    }
                    try await Task.sleep(for: .milliseconds(50))
                }
                return
            }
            let parts = ["flock"] + StateFolder.Part.allCases.map { "flock-\($0.rawValue)" }
            let locks = try parts.map { try StateLock(part: $0, state: context.state) }
            let engine = try await Engine(settings: context.settings, state: context.state, logger: context.logger)
            try await engine.stopLeftovers()
            try await RoutingService(settings: context.settings, state: context.state, logger: context.logger)
                .stopLeftovers()
            for lock in locks { lock.release() }
            Output.write("Nothing of Flock is running.\n")
        } catch {
            Output.complain("flock: \(error)")
            throw ExitCode((error as? DaemonError)?.exitStatus ?? 1)
        }
    }
}

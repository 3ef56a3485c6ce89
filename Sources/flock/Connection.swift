import ArgumentParser
import AsyncHTTPClient
import FlockCore
import FlockDaemon
import Foundation
import Marathon

/// What a command needs to ask the running parts.
struct Connection: Sendable {
    let settings: Settings
    let state: StateFolder
    let http: HTTPClient

    var marathon: MarathonClient { MarathonClient(settings: settings, state: state, http: http) }

    func part(_ part: StateFolder.Part) -> PartClient { PartClient(part, state: state, http: http) }

    /// Runs a command's work; what goes wrong is said on standard error, with exit status 1, or 69 when a part that
    /// is needed does not answer (sysexits.h).
    static func run(_ options: DaemonOptions, _ work: (Connection) async throws -> Void) async throws {
        let context: DaemonContext
        do {
            context = try Daemon.context("flock", options: options)
        } catch {
            Output.complain("flock: \(error)")
            throw ExitCode(error.exitStatus)
        }
        // A deploy's story may be silent for long. What has to answer sooner has a deadline of its own.
        var configuration = MarathonClient.httpConfiguration
        configuration.timeout.read = nil
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await work(Connection(settings: context.settings.current, state: context.state, http: http))
            try await http.shutdown()
        } catch {
            try? await http.shutdown()
            if let code = error as? ExitCode { throw code }
            Output.complain("flock: \(error)")
            let failure = error as? PartClient.Failure
            let isUnreachable =
                (error as? MarathonError)?.code == .unreachable || failure?.code == .unreachable
                || failure?.reason?.code == MarathonError.Code.unreachable.rawValue
            if isUnreachable {
                Output.complain("  Start Flock with \"flock up\", or name its settings with --config or --state.")
            }
            throw isUnreachable ? ExitCode(69) : ExitCode.failure
        }
    }
}

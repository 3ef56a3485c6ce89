public import FlockCore
import Foundation
public import Logging
public import ServiceLifecycle
import UnixSignals

/// What a daemon has when it starts.
public struct DaemonContext: Sendable {
    public let settings: LiveSettings
    public let file: SettingsFile
    public let state: StateFolder
    public let logger: Logger
}

/// Starts a daemon: settings, log, state folder, lock, signals; ends with an exit status that says how it went.
public enum Daemon {
    /// Runs until SIGTERM or SIGINT, or until a service fails.
    /// - Parameters:
    ///   - part: which one this is; a second one on the same state folder is refused.
    ///   - others: parts whose work this one does too.
    ///   - level: of the log, unless the options say another.
    ///   - services: what runs, in the order of its start.
    ///   - afterwards: what is left to do when all have stopped.
    public static func run(
        _ part: String, doing others: [String] = [], options: DaemonOptions, level: Logger.Level = .info,
        services: (DaemonContext) async throws -> [any Service], afterwards: () async -> Void = {}
    ) async -> Never {
        do {
            try await start(
                part, doing: others, options: options, level: level, services: services, afterwards: afterwards)
            exit(EXIT_SUCCESS)
        } catch let error as DaemonError {
            complain(part, error)
            exit(error.exitStatus)
        } catch {
            complain(part, error)
            exit(EXIT_FAILURE)
        }
    }

    private static func start(
        _ part: String, doing others: [String], options: DaemonOptions, level: Logger.Level,
        services: (DaemonContext) async throws -> [any Service], afterwards: () async -> Void
    ) async throws {
        let context = try context(part, options: options, level: level)
        OpenFiles.raise()
        let locks = try ([part] + others).map { try StateLock(part: $0, state: context.state) }
        defer {
            for lock in locks { lock.release() }
        }
        let reloader = SettingsReloader(file: context.file, settings: context.settings, logger: context.logger)
        let group = ServiceGroup(
            configuration: .init(
                services: ([reloader] + (try await services(context))).map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: context.logger))
        try await group.run()
        await afterwards()
    }

    /// Settings and log without the rest, for commands that only ask.
    public static func context(
        _ part: String, options: DaemonOptions, level: Logger.Level = .info
    ) throws(DaemonError) -> DaemonContext {
        let file = try options.settingsFile()
        let settings = try file.load()
        var logger = Logger(label: part) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = options.logLevel ?? level
        // A peer that closes its connection is an error of one write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let state = StateFolder(settings.state)
        return DaemonContext(settings: LiveSettings(settings), file: file, state: state, logger: logger)
    }

    private static func complain(_ part: String, _ error: any Error) {
        FileHandle.standardError.write(Data("\(part): \(error)\n".utf8))
    }
}

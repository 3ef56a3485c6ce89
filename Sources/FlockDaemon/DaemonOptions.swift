public import ArgumentParser
public import Logging

/// The options that every executable takes.
public struct DaemonOptions: ParsableArguments, Sendable {
    @Option(name: .long, help: "Settings file; else ./flock.yaml, then /etc/flock/flock.yaml, else the defaults.")
    public var config: String?

    @Option(name: .long, help: "Folder that holds all that Flock keeps, over the one of the settings.")
    public var state: String?

    @Option(
        name: .customLong("set"), help: ArgumentHelp("One setting, over those of the file.", valueName: "key=value"))
    public var assignments: [String] = []

    @Option(name: .customLong("log-level"), help: "trace, debug, info, notice, warning or error.")
    var logLevelName: String?

    /// As asked for; else `nil`.
    public var logLevel: Logger.Level? { logLevelName.flatMap(Logger.Level.init(rawValue:)) }

    public init() {}

    public func validate() throws {
        guard logLevelName == nil || logLevel != nil else {
            throw ValidationError(
                "--log-level \(logLevelName ?? ""): use trace, debug, info, notice, warning or error.")
        }
    }

    public func settingsFile() throws(DaemonError) -> SettingsFile {
        try SettingsFile(path: config, assignments: assignments, state: state)
    }
}

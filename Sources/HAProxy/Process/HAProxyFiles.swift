/// The files of one HAProxy: those it reads and those it writes. Absolute paths, since its folder isn't ours.
public struct HAProxyFiles: Hashable, Sendable {
    /// Read at the start and at each reload.
    public var configuration: String
    /// Mode 0600. At most 103 bytes, as every unix socket.
    public var masterSocket: String
    /// Holds the master's process id.
    public var pidFile: String
    /// What HAProxy writes to its standard error, appended.
    public var logFile: String
    /// What it writes to its standard output, appended: the place of `log stdout`.
    public var outputFile: String

    /// - Parameter outputFile: nil: the log file too.
    public init(
        configuration: String, masterSocket: String, pidFile: String, logFile: String, outputFile: String? = nil
    ) {
        self.configuration = configuration
        self.masterSocket = masterSocket
        self.pidFile = pidFile
        self.logFile = logFile
        self.outputFile = outputFile ?? logFile
    }
}

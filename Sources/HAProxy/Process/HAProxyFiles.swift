/// The files of one HAProxy: those it reads and those it writes. Absolute paths, since its folder isn't ours.
public struct HAProxyFiles: Hashable, Sendable {
    /// Read at the start and at each reload.
    public var configuration: String
    /// Mode 0600. At most 103 bytes, as every unix socket.
    public var masterSocket: String
    /// Holds the master's process id.
    public var pidFile: String
    /// What HAProxy writes to its standard output and error, appended.
    public var logFile: String

    public init(configuration: String, masterSocket: String, pidFile: String, logFile: String) {
        self.configuration = configuration
        self.masterSocket = masterSocket
        self.pidFile = pidFile
        self.logFile = logFile
    }
}

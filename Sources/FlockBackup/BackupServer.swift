public import FlockCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// The warm-up server: HAProxy sends it what no task can take.
public struct BackupServer: Service {
    private let server: ProxyServer
    private let settings: LiveSettings
    private let logger: Logger

    /// - Throws: when the template of the waiting page is broken.
    public init(waker: Waker, settings: LiveSettings, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        let listen = settings.current.backup.listen
        let director = BackupDirector(
            waker: waker, page: WaitingPage(try PageTemplates(settings: settings, logger: logger)),
            settings: settings)
        server = ProxyServer(
            host: listen.host == "*" ? "0.0.0.0" : listen.host, port: listen.port, director: director, logger: logger)
    }

    public func run() async throws {
        let (most, files) = (settings.current.backup.maxHeld, OpenFiles.limit.soft)
        // Each takes two, to HAProxy and to its app; listeners, logs and Marathon some more.
        let wanted = 2 * most + 128
        if files < wanted {
            logger.warning(
                """
                flock-backup may open too few files to hold backup.maxHeld requests and pass them on: raise \
                LimitNOFILE= of the unit that starts it, or "ulimit -Hn", or lower backup.maxHeld
                """, metadata: ["maxHeld": "\(most)", "files": "\(files)", "files wanted": "\(wanted)"])
        }
        try await cancelWhenGracefulShutdown { try await server.run() }
    }
}

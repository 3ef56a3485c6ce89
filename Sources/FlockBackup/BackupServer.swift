public import FlockCore
public import Logging
import NIOCore
public import ServiceLifecycle

/// The warm-up server: HAProxy sends it what no task can take.
public struct BackupServer: Service {
    private let server: ProxyServer

    /// - Throws: when the template of the waiting page is broken.
    public init(waker: Waker, settings: LiveSettings, logger: Logger) throws {
        let listen = settings.current.backup.listen
        let director = BackupDirector(
            waker: waker, page: WaitingPage(try PageTemplates(settings: settings, logger: logger)),
            settings: settings)
        server = ProxyServer(
            host: listen.host == "*" ? "0.0.0.0" : listen.host, port: listen.port, director: director, logger: logger)
    }

    public func run() async throws {
        try await cancelWhenGracefulShutdown { try await server.run() }
    }
}

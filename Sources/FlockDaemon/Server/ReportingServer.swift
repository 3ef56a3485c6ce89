public import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
public import Logging
import NIOCore
public import ServiceLifecycle

/// An HTTP server of a part: its own routes, `/health` and `/metrics`, on a TCP address or on the unix socket in
/// the state folder.
public struct ReportingServer: Service {
    public enum Place: Sendable {
        /// With the key of the settings that moves it elsewhere.
        case tcp(ListenAddress, setting: String)
        /// Mode 0600, in a folder of mode 0700.
        case socket(String)
    }

    private let place: Place
    private let responder: RouterResponder<BasicRequestContext>
    private let logger: Logger

    public init(
        _ place: Place, reporting: any Reporting, logger: Logger,
        routes: (Router<BasicRequestContext>) -> Void = { _ in }
    ) {
        self.place = place
        self.logger = logger
        let router = Router(context: BasicRequestContext.self)
        router.get("/health") { _, _ in
            switch await reporting.health() {
            case .healthy: Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "ok\n")))
            case .failing(let why):
                Response(status: .serviceUnavailable, body: .init(byteBuffer: ByteBuffer(string: why + "\n")))
            }
        }
        router.get("/metrics") { _, _ in
            let text = MetricsText.render(await reporting.metrics())
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4"],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        routes(router)
        responder = router.buildResponder()
    }

    public func run() async throws {
        let address: BindAddress
        switch place {
        case .tcp(let listen, _):
            address = .hostname(listen.host == "*" ? "0.0.0.0" : listen.host, port: listen.port)
        case .socket(let path):
            // Left behind by a process that was killed; StateLock says that none of ours is alive.
            try? FileManager.default.removeItem(atPath: path)
            address = .unixDomainSocket(path: path)
        }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: responder, configuration: .init(address: address, serverName: nil),
            onServerRunning: { _ in
                if case .socket(let path) = place { unsafe chmod(path, 0o600) }
            }, logger: quiet)
        do {
            try await application.run()
        } catch {
            switch place {
            case .tcp(let listen, let setting): throw DaemonError.listening(on: listen, setting: setting, failed: error)
            case .socket(let path): throw DaemonError(.cannotListen, "cannot listen on \(path): \(error)")
            }
        }
    }
}

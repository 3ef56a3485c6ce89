public import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
public import NIOSSL
public import ServiceLifecycle

/// An HTTP server of a part: its own routes, `/health` and `/metrics`, on a TCP address or on the unix socket in
/// the state folder.
public struct ReportingServer: Service {
    public enum Place: Sendable {
        /// With the key of the settings that moves it elsewhere.
        case tcp(ListenAddress, setting: String)
        /// Mode 0600, in a folder of mode 0700.
        case socket(String)
        /// For other machines: only holders of the token are answered; over TLS where there is a certificate.
        case machines(ListenAddress, setting: String, BearerToken, TLSConfiguration?)
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
        if case .machines(_, _, let token, _) = place { router.add(middleware: TokenCheck(token: token)) }
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
        var server = HTTPServerBuilder.http1()
        switch place {
        case .tcp(let listen, _):
            address = .hostname(listen.host == "*" ? "0.0.0.0" : listen.host, port: listen.port)
        case .machines(let listen, _, _, let tls):
            address = .hostname(listen.host == "*" ? "0.0.0.0" : listen.host, port: listen.port)
            if let tls { server = try .tls(server, tlsConfiguration: tls) }
        case .socket(let path):
            // Left behind by a process that was killed; StateLock says that none of ours is alive.
            try? FileManager.default.removeItem(atPath: path)
            address = .unixDomainSocket(path: path)
        }
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: responder, server: server, configuration: .init(address: address, serverName: nil),
            onServerRunning: { _ in
                if case .socket(let path) = place { unsafe chmod(path, 0o600) }
            }, logger: quiet)
        do {
            try await application.run()
        } catch {
            switch place {
            case .tcp(let listen, let setting), .machines(let listen, let setting, _, _):
                throw DaemonError.listening(on: listen, setting: setting, failed: error)
            case .socket(let path): throw DaemonError(.cannotListen, "cannot listen on \(path): \(error)")
            }
        }
    }
}

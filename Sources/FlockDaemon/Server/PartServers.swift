public import FlockCore
public import Hummingbird
import NIOSSL

extension DaemonContext {
    /// Where a part answers other parts: its unix socket, and for those of other machines an address, if settings
    /// name one.
    /// - Throws: ``DaemonError`` when token or certificate for the address cannot be used.
    public func servers(
        of part: StateFolder.Part, reporting: any Reporting, routes: (Router<BasicRequestContext>) -> Void
    ) throws(DaemonError) -> [ReportingServer] {
        let socket = ReportingServer(
            .socket(state.socket(part)), reporting: reporting, logger: logger, routes: routes)
        guard let (listen, setting) = address(of: part) else { return [socket] }
        let parts = settings.current.parts
        let token = BearerToken(file: parts.token.file)
        guard token.isUsable else {
            throw DaemonError(
                .settings, "parts.token: \(parts.token.file) is missing or shorter than \(BearerToken.minimumLength)",
                hint: "Make one for all machines: (umask 077; openssl rand -hex 32 > \(parts.token.file))")
        }
        return [
            socket,
            ReportingServer(
                .machines(listen, setting: setting, token, try Self.tls(parts.certificate.file)), reporting: reporting,
                logger: logger, routes: routes),
        ]
    }

    /// The addresses that ``servers(of:reporting:routes:)`` listens on, with the keys that move them elsewhere.
    public func addresses(of parts: StateFolder.Part...) -> [(ListenAddress, String)] {
        parts.compactMap(address)
    }

    private func address(of part: StateFolder.Part) -> (ListenAddress, String)? {
        let parts = settings.current.parts
        return switch part {
        case .haproxy: parts.haproxy.listen.map { ($0, "parts.haproxy.listen") }
        case .backup: parts.backup.listen.map { ($0, "parts.backup.listen") }
        case .engine, .hook, .scaler: nil
        }
    }

    /// - Parameter file: chain and key; empty for none.
    private static func tls(_ file: String) throws(DaemonError) -> TLSConfiguration? {
        guard !file.isEmpty else { return nil }
        do {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: file, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch {
            throw DaemonError(
                .settings, "parts.certificate: \(file) cannot be used: \(error)",
                hint: "It must hold the certificate chain and its private key in PEM.")
        }
    }
}

import AsyncHTTPClient
import FlockCore
import FlockTesting
import Foundation
import Hummingbird
import Logging
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import FlockDaemon

/// What another machine gets from a part.
@Suite struct PartServersTests {
    private struct Answer: Codable { var word: String }

    private struct Part: Reporting {
        func health() -> Health { .healthy }
        func metrics() -> [Metric] { [] }
    }

    /// Runs the servers of a flock-backup with these settings until the body is done.
    private func serve(
        _ settings: [String], in folder: String, _ body: (Settings, StateFolder, HTTPClient) async throws -> Void
    ) async throws {
        let file = try SettingsFile(path: nil, assignments: settings, state: folder, environment: [:])
        let loaded = try file.load()
        let context = DaemonContext(
            settings: LiveSettings(loaded), file: file, state: StateFolder(loaded.state), logger: Logger(label: "test"))
        let servers = try context.servers(of: .backup, reporting: Part()) { router in
            router.get("/v1/word") { _, _ in
                Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: #"{"word": "hold"}"#)))
            }
        }
        #expect(servers.count == 2)
        let group = ServiceGroup(services: servers, logger: Logger(label: "test"))
        let running = Task { try await group.run() }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .init())
        var failure: (any Error)?
        do {
            #expect(
                await FlockDaemonTests.eventually {
                    let own = PartClient(.backup, state: context.state, http: http)
                    return await (try? own.ask(.GET, "/v1/word", as: Answer.self))?.word == "hold"
                })
            try await body(loaded, context.state, http)
        } catch {
            failure = error
        }
        await group.triggerGracefulShutdown()
        try await running.value
        try await http.shutdown()
        if let failure { throw failure }
    }

    private func makeToken(in folder: String, _ name: String = "token") throws -> String {
        let file = "\(folder)/\(name)"
        try "\(UUID())\(UUID())".write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    @Test func `without the token nothing is answered, not even which paths there are`() async throws {
        let folder = try TemporaryFolder()
        let port = try await freePorts(1)[0]
        let token = try makeToken(in: folder.path)
        let settings = ["parts.backup.listen=127.0.0.1:\(port)", "parts.token.file=\(token)"]
        try await serve(settings, in: folder.path) { settings, state, http in
            let address = try #require(PartAddress("http://127.0.0.1:\(port)"))
            let client = PartClient(.backup, at: address, settings: settings.parts, state: state, http: http)
            #expect(try await client.ask(.GET, "/v1/word", as: Answer.self).word == "hold")

            for path in ["/v1/word", "/health", "/metrics", "/nothing"] {
                for shown in [nil, "Bearer ", "Bearer wrong"] {
                    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
                    if let shown { request.headers.add(name: "Authorization", value: shown) }
                    #expect(try await http.execute(request, timeout: .seconds(10)).status == .unauthorized)
                }
            }
            var others = settings.parts
            others.token.file = try makeToken(in: folder.path, "other")
            let stranger = PartClient(.backup, at: address, settings: others, state: state, http: http)
            let refusal = await #expect(throws: PartClient.Failure.self) {
                try await stranger.ask(.GET, "/v1/word", as: Answer.self)
            }
            #expect(refusal?.code == .refused)
            others.token.file = "\(folder.path)/none"
            let nobody = PartClient(.backup, at: address, settings: others, state: state, http: http)
            let unasked = await #expect(throws: PartClient.Failure.self) {
                try await nobody.ask(.GET, "/v1/word", as: Answer.self)
            }
            #expect(unasked?.message.contains("not asked") == true)
        }
    }

    @Test func `over TLS the certificate's authority is asked for`() async throws {
        let folder = try TemporaryFolder()
        let port = try await freePorts(1)[0]
        let token = try makeToken(in: folder.path)
        let made = try await run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=flock", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "crt.pem",
            ], in: folder.path)
        #expect(made.isSuccess, "\(made.output)")
        let pem = try ["crt.pem", "key.pem"].map { try String(contentsOfFile: "\(folder.path)/\($0)", encoding: .utf8) }
        try pem.joined().write(toFile: "\(folder.path)/both.pem", atomically: true, encoding: .utf8)
        let settings = [
            "parts.backup.listen=127.0.0.1:\(port)", "parts.token.file=\(token)",
            "parts.certificate.file=\(folder.path)/both.pem",
        ]
        try await serve(settings, in: folder.path) { settings, state, http in
            var parts = settings.parts
            let address = try #require(PartAddress("https://127.0.0.1:\(port)"))
            let stranger = PartClient(.backup, at: address, settings: parts, state: state, http: http)
            let failure = await #expect(throws: PartClient.Failure.self) {
                try await stranger.ask(.GET, "/v1/word", as: Answer.self)
            }
            #expect(failure?.code == .unreachable)
            parts.authority.file = "\(folder.path)/crt.pem"
            let client = PartClient(.backup, at: address, settings: parts, state: state, http: http)
            #expect(try await client.ask(.GET, "/v1/word", as: Answer.self).word == "hold")
        }
    }

    @Test func `a token that is missing or too short is said before anything listens`() throws {
        let folder = try TemporaryFolder()
        let settings = ["parts.backup.listen=127.0.0.1:1", "parts.token.file=\(folder.path)/none"]
        let file = try SettingsFile(path: nil, assignments: settings, state: folder.path, environment: [:])
        let context = DaemonContext(
            settings: LiveSettings(try file.load()), file: file, state: StateFolder(folder.path),
            logger: Logger(label: "test"))
        let error = #expect(throws: DaemonError.self) {
            _ = try context.servers(of: .backup, reporting: Part()) { _ in }
        }
        #expect(error?.code == .settings && error?.hint?.contains("openssl rand -hex 32") == true)
    }
}

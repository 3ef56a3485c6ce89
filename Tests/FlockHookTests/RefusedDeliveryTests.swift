import AsyncHTTPClient
import FlockTesting
import Foundation
import GRDB
import NIOCore
import NIOHTTP1
import Testing

@testable import FlockHook

/// What is not taken, over real HTTP to the real router.
@Suite struct RefusedDeliveryTests {
    private let body = Pushes.github("refs/heads/master")
    private var signature: String { WebhookSignature.sign(body, secret: Array(HookServer.secret.utf8)) }

    @Test func `only the right signature is taken, with the new secret or the old one`() async throws {
        let hex = String(signature.dropFirst(7))
        let wrong = [
            "", "sha256=", hex, "sha1=\(hex.prefix(40))", "SHA256=\(hex)", "sha256=\(hex.dropLast())",
            "sha256=\(hex.dropLast(2))", "sha256=\(hex)00", "sha256=\(hex.dropLast(2))zz", "sha256= \(hex)",
            "sha256=\(hex.reversed())", WebhookSignature.sign(body + [10], secret: Array(HookServer.secret.utf8)),
            WebhookSignature.sign(body, secret: []),
        ]
        try await HookServer.run { [body, signature] (server) async throws in
            var headers = HookServer.headers(.github, "push", body)
            for value in wrong {
                headers["X-Hub-Signature-256"] = value
                let answered = try await server.send(body, headers)
                #expect(answered.status == 401 && answered.answer?.code == "signature_invalid", "\(value)")
            }
            headers["X-Hub-Signature-256"] = nil
            #expect(try await server.send(body, headers).status == 401)
            headers["X-Hub-Signature"] = signature
            #expect(try await server.send(body, headers).status == 401, "GitHub's old header is not looked at")
            #expect(try await server.hook.store.deploys(limit: 9).isEmpty)

            // Hexadecimal digits may be of either case.
            headers["X-Hub-Signature-256"] = "sha256=\(hex.uppercased())"
            #expect(try await server.send(body, headers).status == 202)
            #expect(try await server.deliver(.github, "push", body, secret: HookServer.formerSecret).status == 202)
            #expect(try await server.deliver(.github, "push", body, secret: "another").status == 401)
        }
    }

    @Test func `a wrong signature and an unknown repository get the same answer, byte for byte`() async throws {
        let unknown = Pushes.github("refs/heads/master", repository: "https://github.com/nobody/nothing")
        try await HookServer.run { [body] (server) async throws in
            let wrong = try await server.deliver(.github, "push", body, secret: "wrong")
            let stranger = try await server.deliver(.github, "push", unknown)
            #expect(wrong.status == 401 && stranger.status == 401 && wrong.text == stranger.text)
            #expect(wrong.headers.map(\.name) == stranger.headers.map(\.name))
            // A ping about an unknown repository is one, too.
            #expect(try await server.deliver(.github, "ping", unknown).text == wrong.text)
        }
    }

    @Test func `what is no delivery is told so`() async throws {
        try await HookServer.run { [body] (server) async throws in
            for (text, code) in [
                ("", "json_invalid"), ("{", "json_invalid"), ("\u{feff}", "json_invalid"), ("[]", "payload_invalid"),
                (#"{"ref": 1}"#, "payload_invalid"), ("{}", "payload_invalid"),
                (String(repeating: "[", count: 100_000), "json_invalid"),
            ] {
                let answered = try await server.deliver(.github, "push", Array(text.utf8))
                #expect(answered.status == 400 && answered.answer?.code == code, "\(text.prefix(20)): \(answered.text)")
            }
            #expect(try await server.send(body, [:]).answer?.code == "header_missing")
            #expect(try await server.send(body, ["X-GitHub-Event": "push"]).answer?.code == "header_missing")
            let long = String(repeating: "x", count: 101)
            #expect(try await server.deliver(.github, "push", body, id: long).answer?.code == "header_invalid")
            #expect(try await server.deliver(.github, long, body).answer?.code == "header_invalid")
            for type in ["text/plain", "multipart/form-data; boundary=x", "application/jsonx"] {
                let answered = try await server.deliver(.github, "push", body, ["Content-Type": type])
                #expect(answered.status == 415 && answered.answer?.code == "content_type_unsupported")
            }
            let charset = ["Content-Type": "Application/JSON ; charset=utf-8"]
            #expect(try await server.deliver(.github, "push", body, charset).status == 202)

            #expect(try await server.deliver(.github, "push", body, to: "/nothing").status == 404)
            for path in ["/hooks", "/github", "/gitlab"] {
                let answered = try await server.send(nil, to: path, method: .GET, [:])
                #expect(answered.status == 405 && answered.headers["Allow"] == ["POST"])
            }
        }
    }

    @Test func `a body that comes in pieces through the middle of characters is verified as its bytes`() async throws {
        let text =
            #"{"ref": "refs/heads/x/\u00fc", "before": "\#(Pushes.old)", "after": "\#(Pushes.new)", "pusher":"#
            + #" {"name": "Zoë 🐦 Ünal"}, "repository": {"html_url": "https://github.com/Codertocat/Hello-World"}}"#
        let body = Array(text.utf8)
        try await HookServer.run { (server) async throws in
            let pieces = body.map { ByteBuffer(bytes: [$0]) }
            let answered = try await server.send(
                .stream(Self.stream(pieces), length: .unknown), HookServer.headers(.github, "push", body))
            #expect(answered.status == 202, "\(answered.text)")
            #expect(try await server.hook.store.deploys(limit: 1).first?.ref == "refs/heads/x/ü")
        }
    }

    @Test func `large bodies that do not come keep others out that are large, and no small ones`() async throws {
        try await HookServer.run { [body] (server) async throws in
            let large = HookServer.headers(.github, "push", body).map { "\($0.key): \($0.value)\r\n" }.joined()
            let head = "POST /hooks HTTP/1.1\r\nHost: x\r\n\(large)Content-Length: \(25 << 20)\r\n\r\n"
            var connections: [RawConnection] = []
            try await eventually("there is no room for another") {
                let connection = try await RawConnection.open(port: server.port)
                try await connection.send(head.utf8)
                connections.append(connection)
                return connections.contains { $0.text.contains("too_many_bodies") }
            }
            #expect(connections.count > 8)
            #expect(try await server.deliver(.github, "push", body).status == 202)
            for connection in connections { connection.close() }
            let spaces = [UInt8](repeating: UInt8(ascii: " "), count: 24 << 20)
            let headers = HookServer.headers(.github, "push", body)
            try await eventually("there is room again") {
                try await server.send(spaces, headers).answer?.code == "json_invalid"
            }
        }
    }

    @Test func `26 MB are refused by their length, and when they only turn out to be so many`() async throws {
        let piece = ByteBuffer(repeating: UInt8(ascii: " "), count: 1 << 20)
        try await HookServer.run { [body] (server) async throws in
            let headers = HookServer.headers(.github, "push", body)
            for length in [HTTPClientRequest.Body.Length.known(Int64(26 << 20)), .unknown] {
                let answered = try await server.send(
                    .stream(Self.stream(repeatElement(piece, count: 26)), length: length), headers)
                #expect(answered.status == 413 && answered.answer?.code == "body_too_large")
            }
            // Just below the limit is read, and its signature fits.
            let large = body + Array(repeating: UInt8(ascii: " "), count: (25 << 20) - body.count)
            #expect(try await server.deliver(.github, "push", large).status == 202)
        }
    }

    private static func stream(_ pieces: some Sequence<ByteBuffer>) -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            for piece in pieces { continuation.yield(piece) }
            continuation.finish()
        }
    }

    @Test func `while flock-hook ends, deliveries are told to come again`() async throws {
        try await HookServer.run { [body] (server) async throws in
            #expect(try await server.deliver(.github, "push", body).status == 202)
            try await server.hook.close()
            let answered = try await server.deliver(.github, "push", body)
            #expect(answered.status == 503 && answered.answer?.code == "draining")
            #expect(answered.headers["Retry-After"] == ["5"])
        }
    }

    @Test func `a delivery that cannot be stored is not taken`() async throws {
        try await HookServer.run { [body] (server) async throws in
            try await server.hook.store.database.write { try $0.execute(sql: "DROP TABLE target") }
            let answered = try await server.deliver(.github, "push", body, id: "d")
            #expect(answered.status == 503 && answered.answer?.code == "store_unavailable")
            // Nothing of it is left, so the same delivery may come again.
            #expect(try await server.hook.store.deploys(limit: 9).isEmpty)
        }
    }
}

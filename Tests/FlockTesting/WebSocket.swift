/// A client of RFC 6455 that sends short texts, and a Node app that sends them back.
public final class WebSocket: Sendable {
    private let connection: RawConnection

    /// Opens one, and waits until the app has agreed.
    /// - Parameters:
    ///   - port: HAProxy's, on this machine.
    ///   - isLeftOpen: the app does not end its side when the client has ended its own.
    public init(host: String, port: Int, isLeftOpen: Bool = false) async throws {
        let connection = try await RawConnection.open(port: port)
        self.connection = connection
        try await connection.send(
            """
            GET /\(isLeftOpen ? "open" : "") HTTP/1.1\r\nHost: \(host)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """.utf8)
        try await eventually("the websocket opens", within: .seconds(45), or: connection.text) {
            connection.text.contains("\r\n\r\n")
        }
        // RFC 6455, 1.3, answers this key with this.
        guard connection.text.hasPrefix("HTTP/1.1 101 "), connection.text.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        else {
            throw NeverHappened(description: "no handshake: \(connection.text)")
        }
    }

    public var isCut: Bool { connection.hasEnded }

    /// Sends a text of under 126 bytes, and waits until it comes back.
    public func echo(_ text: String) async throws {
        let before = connection.received.count
        let mask: [UInt8] = [1, 2, 3, 4]
        let payload = Array(text.utf8)
        try await connection.send(
            [0x81, 0x80 | UInt8(payload.count)] + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] })
        let frame = [0x81, UInt8(payload.count)] + payload
        try await eventually("\(text) comes back", or: isCut ? "it is cut" : "it is open") {
            Array(connection.received[before...]) == frame
        }
    }

    public func close() { connection.close() }

    /// The app's files for ``Site/makeApp(_:files:)``.
    public static func files(name: String) -> [String: String] {
        [
            "server.js": server,
            "package.json": """
            {"name": "\(name)", "version": "1.0.0", "scripts": {"start": "node server.js"}, "checks": [{"path": "/"}]}

            """,
        ]
    }

    private static let server = """
        const http = require("node:http"), crypto = require("node:crypto");
        const server = http.createServer((request, response) => response.end("ok"));
        server.on("upgrade", (request, socket) => {
          const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
          socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n" +
            `Sec-WebSocket-Accept: ${crypto.createHash("sha1").update(key).digest("base64")}\\r\\n\\r\\n`);
          let bytes = Buffer.alloc(0);
          if (request.url !== "/open") socket.on("end", () => socket.end());
          socket.on("error", () => {}).on("data", (chunk) => {
            bytes = Buffer.concat([bytes, chunk]);
            while (bytes.length >= 6 && bytes.length >= 6 + (bytes[1] & 127)) {
              const length = bytes[1] & 127, mask = bytes.subarray(2, 6);
              const text = bytes.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4]);
              socket.write(Buffer.concat([Buffer.from([129, length]), text]));
              bytes = bytes.subarray(6 + length);
            }
          });
        }).listen(process.env.PORT, process.env.HOST);

        """
}

import Foundation

/// HTTP/1.1 over a plain socket, so that nothing but the socket is measured.
enum RawHTTP {
    struct Failure: Error { var what: String }

    /// - Parameter token: of the engine's API.
    /// - Returns: the whole answer. The connection is closed after it.
    static func request(
        port: Int, _ method: String = "GET", _ path: String, host: String = "localhost", token: String? = nil,
        body: String = ""
    ) throws -> String {
        guard let socket = connect(port: port) else { throw Failure(what: "port \(port) refuses") }
        defer { close(socket) }
        send(socket, method, path, host, token, body)
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { break }
            answer += chunk[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    /// Milliseconds from now to the first bytes of the answer; refused connections are tried again each half
    /// millisecond.
    static func timeToFirstByte(port: Int, path: String, host: String, within limit: Duration = .seconds(30)) throws
        -> Double
    {
        try firstByte(port: port, path: path, host: host, within: limit).elapsed
    }

    /// The same, and what the first read of the answer gave.
    static func firstByte(port: Int, path: String, host: String, within limit: Duration = .seconds(30)) throws
        -> (elapsed: Double, answer: String)
    {
        let clock = ContinuousClock()
        let start = clock.now
        while clock.now - start < limit {
            guard let socket = connect(port: port) else {
                usleep(500)
                continue
            }
            defer { close(socket) }
            send(socket, "GET", path, host, nil, "")
            var bytes = [UInt8](repeating: 0, count: 16384)
            let count = read(socket, &bytes, bytes.count)
            guard count > 12 else { continue }
            let elapsed = (clock.now - start) / .milliseconds(1)
            let answer = String(decoding: bytes[..<count], as: UTF8.self)
            guard answer.prefix(12).hasSuffix(" 200") else { throw Failure(what: "answered \(answer.prefix(12))") }
            return (elapsed, answer)
        }
        throw Failure(what: "no answer within \(limit)")
    }

    /// - Returns: a socket that the caller closes; nil where nobody listens.
    static func connect(port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    static func send(
        _ socket: Int32, _ method: String, _ path: String, _ host: String, _ token: String?, _ body: String
    ) {
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let text =
            "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\(authorization)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
            // The answer, or its absence, says why.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

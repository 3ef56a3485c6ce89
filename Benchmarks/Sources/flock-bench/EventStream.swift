import Foundation

/// An open stream of the engine's `/v2/events`.
final class EventStream {
    private let socket: Int32
    private var unread: [UInt8] = []

    /// Returns once the stream is open.
    convenience init(_ engine: EngineProcess) throws {
        try self.init(port: engine.port, token: try engine.readToken())
    }

    init(port: Int, token: String) throws {
        guard let socket = RawHTTP.connect(port: port) else { throw RawHTTP.Failure(what: "port \(port) refuses") }
        self.socket = socket
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        RawHTTP.send(
            socket, "GET", "/v2/events?event_type=status_update_event&event_type=api_post_event", "localhost", token,
            "")
        try wait(for: ["HTTP/1.1 200"])
    }

    deinit { close(socket) }

    /// When the engine made the next event that holds all the words: milliseconds since 1970, whole ones.
    func time(of words: [String]) throws -> Double {
        let line = try wait(for: words)
        guard let text = line.firstMatch(of: /"timestamp":"([^"]+)"/)?.output.1,
            let time = try? Date(String(text), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        else { throw RawHTTP.Failure(what: "no time in \(line)") }
        return time.timeIntervalSince1970 * 1000
    }

    /// Reads until a line holds all the words.
    /// - Returns: that line.
    @discardableResult
    func wait(for words: [String]) throws -> String {
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            while let end = unread.firstIndex(of: 10) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread.removeSubrange(...end)
                if words.allSatisfy(line.contains) { return line }
            }
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { throw RawHTTP.Failure(what: "no event with \(words) within 20 s") }
            unread += chunk[..<count]
        }
    }
}

import Foundation

/// An open stream of the engine's `/v2/events`.
final class EventStream {
    private let socket: Int32
    private var unread: [UInt8] = []

    /// Returns once the stream is open.
    init(_ engine: EngineProcess) throws {
        guard let socket = RawHTTP.connect(port: engine.port) else {
            throw RawHTTP.Failure(what: "port \(engine.port) refuses")
        }
        self.socket = socket
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        RawHTTP.send(
            socket, "GET", "/v2/events?event_type=status_update_event", "localhost", try engine.readToken(), "")
        try wait(for: ["HTTP/1.1 200"])
    }

    deinit { close(socket) }

    /// Reads until a line holds all the words.
    func wait(for words: [String]) throws {
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            while let end = unread.firstIndex(of: 10) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread.removeSubrange(...end)
                if words.allSatisfy(line.contains) { return }
            }
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { throw RawHTTP.Failure(what: "no event with \(words) within 20 s") }
            unread += chunk[..<count]
        }
    }
}

public import NIOCore

/// One request of a load, and what is a right answer to it.
public struct LoadRequest: Sendable {
    public enum Connection: Sendable {
        /// Its own, closed after the answer.
        case new
        /// One that an earlier request left open, where there is one.
        case kept
    }

    public var host: String
    private var name: String
    /// Milliseconds that the app takes over it.
    public var wait: Int
    /// With a body it is a POST.
    public var body: LoadBody?
    public var connection: Connection
    /// The Cookie header.
    public var cookie: String?
    /// Ids of the apps that may answer.
    public var apps: Set<String>

    public init(
        host: String, path: String, wait: Int = 0, body: LoadBody? = nil, connection: Connection = .kept,
        apps: Set<String>
    ) {
        self.host = host
        name = path
        self.wait = wait
        self.body = body
        self.connection = connection
        self.apps = apps
    }

    var path: String { wait == 0 ? name : "\(name)?wait=\(wait)" }
    var method: String { body == nil ? "GET" : "POST" }

    /// Whether this is what ``EchoServer`` answers to it.
    func accepts(_ answer: String) -> Bool {
        let words = answer.split(separator: " ", maxSplits: 1)
        guard words.count == 2, apps.contains(String(words[0])) else { return false }
        return words[1] == "\(method) \(path) \(body?.bytes.readableBytes ?? 0) \((body ?? .empty).hash)"
    }
}

/// A body with the hash that ``EchoServer`` answers with, FNV-1a of 32 bits.
public struct LoadBody: Sendable {
    public let bytes: ByteBuffer
    public let hash: String

    static let empty = LoadBody(bytes: [])

    /// Of 1 byte to 1 MB.
    public static let all = [1, 100, 1_460, 16_384, 100_000, 500_000, 1_000_000].map { size in
        LoadBody(bytes: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 8) })
    }

    private init(bytes: [UInt8]) {
        self.bytes = ByteBuffer(bytes: bytes)
        let hash = bytes.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(hash, radix: 16)
        self.hash = String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// How long a fetch may take and how much it may bring.
public struct FetchLimits: Sendable, Hashable {
    /// For all of it, looking up the host's name included.
    public var deadline: Duration
    /// For the connection, its TLS included.
    public var connect: Duration
    /// Between two pieces of an answer.
    public var silence: Duration
    /// Bytes from the server.
    public var bytes: Int
    /// Objects in the pack.
    public var objects: Int
    /// A store that is larger is emptied before the next fetch, which brings what is needed anew.
    public var storeBytes: Int
    /// So is one with more packs. Every fetch that brings something adds one.
    public var storePacks: Int

    public init(
        deadline: Duration = .seconds(120), connect: Duration = .seconds(10), silence: Duration = .seconds(30),
        bytes: Int = 200 << 20, objects: Int = 250_000, storeBytes: Int = 400 << 20, storePacks: Int = 40
    ) {
        self.deadline = deadline
        self.connect = connect
        self.silence = silence
        self.bytes = bytes
        self.objects = objects
        self.storeBytes = storeBytes
        self.storePacks = storePacks
    }

    /// Two minutes, 200 MiB, 250,000 objects.
    public static let `default` = FetchLimits()
}

/// Carries a talk with a server over a transport, and counts what comes.
struct Download {
    /// What a server may list; a hundred thousand references have half of it.
    private static let listLimit = 16 << 20

    let limits: FetchLimits
    private var session = UploadPackSession()
    private var decoder = PktLineDecoder()
    private(set) var received = 0

    init(limits: FetchLimits) {
        self.limits = limits
    }

    /// Those that the server has under a prefix.
    ///
    /// Where each request is answered by itself, the advertisement is left out: nearly every server speaks version 2, and
    /// one that does not is asked again as it wants to be.
    mutating func references(
        under prefix: String, over transport: inout any Transport
    ) async throws(GitError) -> [Reference] {
        if transport.isStateless {
            do throws(GitError) {
                session = UploadPackSession(assumingVersion2: true)
                return try await list(prefix, over: &transport)
            } catch {
                guard error.code == .fetchFailed else { throw error }
                decoder = PktLineDecoder()
                session = UploadPackSession()
            }
        }
        try await exchange(nil, over: &transport) { _ in }
        return try await list(prefix, over: &transport)
    }

    private mutating func list(
        _ prefix: String, over transport: inout any Transport
    ) async throws(GitError) -> [Reference] {
        if let request = session.listRequest(prefix: prefix) {
            try await exchange(request, over: &transport) { _ in }
        }
        return session.references.filter { $0.name.hasPrefix(prefix) }
    }

    /// The pack with a commit, once the references were listed.
    mutating func pack(
        with commit: ObjectID, known: UploadPackSession.Known, over transport: inout any Transport,
        deliver: (UploadPackSession.Delivery) async throws(GitError) -> Void
    ) async throws(GitError) {
        try await exchange(session.packRequest(for: commit, known: known), over: &transport, deliver)
    }

    private mutating func exchange(
        _ request: [UInt8]?, over transport: inout any Transport,
        _ deliver: (UploadPackSession.Delivery) async throws(GitError) -> Void
    ) async throws(GitError) {
        try await transport.send(request)
        while true {
            while let packet = try decoder.next() {
                if let delivery = try session.receive(packet) { try await deliver(delivery) }
                if session.awaitsRequest || session.isDone { return }
            }
            // The next bytes are asked for when these are worked off, so a slow disk slows the server down.
            guard let bytes = try await transport.read() else {
                throw GitError(.fetchFailed, operation: "fetch", message: "the server's answer ended too early")
            }
            received += bytes.count
            let limit = session.isReceivingPack ? limits.bytes : min(limits.bytes, Self.listLimit)
            guard received <= limit else {
                throw GitError(.tooLarge, operation: "fetch", message: "the server sent more than \(limit) bytes")
            }
            decoder.append(bytes)
        }
    }
}

/// How requests reach `git-upload-pack`, and its answers come back.
protocol Transport {
    /// Whether the server takes each request by itself, without having seen those before.
    var isStateless: Bool { get }
    /// Asks; nil is for the advertisement, which needs no request.
    mutating func send(_ request: [UInt8]?) async throws(GitError)
    /// The next bytes of the answer; nil when it has ended.
    mutating func read() async throws(GitError) -> [UInt8]?
}

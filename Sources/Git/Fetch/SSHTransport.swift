internal import Subprocess

/// git over ssh: OpenSSH's own client in a process that is killed at the deadline, with nothing of the host's or the
/// user's configuration, one key, and host keys that are given.
struct SSHTransport: Transport {
    private typealias Process = Execution<CustomWriteInput, SequenceOutput, SequenceOutput>

    let isStateless = false
    private let input: StandardInputWriter
    private var output: SubprocessOutputSequence.AsyncIterator

    static func connected<Value: Sendable>(
        to remote: Remote, at addresses: [NetworkAddress], _ limits: FetchLimits,
        _ body: (inout any Transport) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        var failure = GitError(.fetchFailed, operation: "fetch \(remote.url)", message: "the host has no address")
        for address in addresses.prefix(4) {
            let arguments = try SSHCommand(remote, at: address, connect: limits.connect).arguments
            let (result, complaint) = try await run(arguments, remote.url, body)
            guard case .failure(let error) = result else { return try result.get() }
            failure = SSHComplaint(complaint).explain(error, at: remote.url)
            guard failure.code == .unreachable else { throw failure }
        }
        throw failure
    }

    private static func run<Value: Sendable>(
        _ arguments: [String], _ url: RemoteURL, _ body: (inout any Transport) async throws(GitError) -> Value
    ) async throws(GitError) -> (Result<Value, GitError>, complaint: String) {
        do {
            return try await Subprocess.run(
                .name("ssh"), arguments: Arguments(arguments),
                environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin"]), input: .inputWriter,
                output: .sequence, error: .sequence
            ) { process in
                // What there is to know is known when the body ends; a server that stays is not waited for.
                async let complaint = complaint(of: process)
                var transport: any Transport = SSHTransport(
                    input: process.standardInputWriter, output: process.standardOutput.makeAsyncIterator())
                let result: Result<Value, GitError>
                do throws(GitError) {
                    result = .success(try await body(&transport))
                    try? process.send(signal: .kill)
                } catch {
                    result = .failure(error)
                    // Where the server's answer ended, ssh is about to say why.
                    if error.code != .fetchFailed { try? process.send(signal: .kill) }
                    try? await process.standardInputWriter.finish()
                }
                return (result, await complaint)
            }.closureResult
        } catch let error as GitError {
            throw error
        } catch {
            throw GitError(
                .fetchFailed, operation: "fetch \(url)", message: "ssh cannot be run: \(error)",
                hint: "install openssh-client")
        }
    }

    private static func complaint(of process: Process) async -> String {
        var bytes: [UInt8] = []
        do {
            for try await buffer in process.standardError where bytes.count < 4096 {
                buffer.withUnsafeBytes { bytes += $0 }
            }
        } catch {
            // What was said so far is all there is.
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func send(_ request: [UInt8]?) async throws(GitError) {
        // The server begins by itself.
        guard let request else { return }
        do {
            _ = try await input.write(request)
        } catch {
            throw GitError(.fetchFailed, operation: "fetch", message: "the connection ended")
        }
    }

    mutating func read() async throws(GitError) -> [UInt8]? {
        do {
            return try await output.next().map { buffer in buffer.withUnsafeBytes { Array($0) } }
        } catch {
            throw GitError(.fetchFailed, operation: "fetch", message: "the connection ended: \(error)")
        }
    }
}

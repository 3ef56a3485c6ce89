internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// git's smart http protocol: gitprotocol-http(5).
///
/// A redirect is followed only for the advertisement and only to the same scheme, host and port, as forges answer for a
/// repository that was renamed: so neither a token nor a request goes where the settings do not say.
struct HTTPTransport: Transport {
    private static let redirectLimit = 5
    private static let service = "/info/refs?service=git-upload-pack"

    let isStateless = true
    private let client: HTTPClient
    private let remote: Remote
    private let limits: FetchLimits
    /// Where the repository is after redirects.
    private var url: RemoteURL
    private var body: HTTPClientResponse.Body.AsyncIterator?
    /// Whether the server has answered; before that another address may be tried.
    private var hasAnswered = false

    /// Tries one address after the other; the first that takes the connection is the one for the whole talk.
    ///
    /// Each talk has a client of its own, since a client's configuration holds the address, the name to look for and the
    /// limits. Measured: 0.03 ms, and over https 3 ms for reading the machine's authorities. To save those, clients
    /// would have to be kept for each host, address, authority and limits, and connections for other tokens' talks.
    static func connected<Value: Sendable>(
        to remote: Remote, at addresses: [NetworkAddress], _ limits: FetchLimits,
        _ body: (inout any Transport) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        var failure = GitError(.fetchFailed, operation: "fetch \(remote.url)", message: "the host has no address")
        for address in addresses.prefix(4) {
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: configuration(remote, address, limits))
            let result: Result<Value, GitError>
            do throws(GitError) {
                var transport: any Transport = HTTPTransport(
                    client: client, remote: remote, limits: limits, url: remote.url)
                result = .success(try await body(&transport))
            } catch {
                result = .failure(error)
            }
            try? await client.shutdown()
            guard case .failure(let error) = result, error.code == .unreachable else { return try result.get() }
            failure = error
        }
        throw failure
    }

    private static func configuration(
        _ remote: Remote, _ address: NetworkAddress, _ limits: FetchLimits
    ) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.additionalTrustRoots = remote.authorities.map { [.file($0)] } ?? []
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(limits.connect), read: TimeAmount(limits.silence)),
            decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        // The certificate is still checked against the host's name.
        let host = remote.url.host
        configuration.dnsOverride = [host.contains(":") ? "[\(host)]" : host: address.text]
        if remote.url.scheme == .https, host != address.text {
            configuration.http1_1ConnectionDebugInitializer = { checkName(ServerName(host), of: $0) }
        }
        return configuration
    }

    /// NIOSSL takes a certificate for the address that was connected to, too, whatever name was asked for: whoever
    /// forges an answer of the name server could show one for an address of his own. So the name is looked for once more.
    private static func checkName(_ name: ServerName, of channel: any Channel) -> EventLoopFuture<Void> {
        channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
            let isNamed = certificate?._subjectAlternativeNames().contains {
                $0.nameType == .dnsName && name.isNamed(by: String(decoding: $0.contents, as: UTF8.self))
            }
            if isNamed != true { throw WrongName() }
        }.flatMapErrorThrowing { error in
            channel.close(promise: nil)
            throw error
        }
    }

    private struct WrongName: Error {}

    mutating func send(_ request: [UInt8]?) async throws(GitError) {
        guard let request else {
            // What is left of an answer that could not be read is of no use.
            body = nil
            return try await advertisement()
        }
        // The connection is used again when the answer on it was read to its end.
        while let rest = try await read() {
            guard rest.isEmpty else { throw failure(.fetchFailed, "the server said more than it was asked") }
        }
        var post = HTTPClientRequest(url: "\(url)/git-upload-pack")
        post.method = .POST
        post.headers.add(name: "Content-Type", value: "application/x-git-upload-pack-request")
        post.headers.add(name: "Accept", value: "application/x-git-upload-pack-result")
        post.body = .bytes(ByteBuffer(bytes: request))
        let response = try await perform(post)
        body = try accepted(response).body.makeAsyncIterator()
    }

    mutating func read() async throws(GitError) -> [UInt8]? {
        guard var iterator = body else { return nil }
        do {
            let buffer = try await iterator.next()
            body = buffer == nil ? nil : iterator
            return buffer.map { Array($0.readableBytesView) }
        } catch {
            throw explained(error)
        }
    }

    private mutating func advertisement() async throws(GitError) {
        for _ in 0...Self.redirectLimit {
            let response = try await perform(HTTPClientRequest(url: "\(url)\(Self.service)"))
            guard (301...308).contains(Int(response.status.code)), response.status != .notModified else {
                let response = try accepted(response)
                let type = response.headers.first(name: "Content-Type") ?? ""
                guard type == "application/x-git-upload-pack-advertisement" else {
                    throw failure(
                        .fetchFailed, "the server does not speak git there: Content-Type \(GitError.printable(type))",
                        hint: "check the repository's URL")
                }
                body = response.body.makeAsyncIterator()
                return
            }
            url = try redirected(to: response.headers.first(name: "Location") ?? "")
        }
        throw failure(.fetchFailed, "the server redirects again and again")
    }

    private func redirected(to location: String) throws(GitError) -> RemoteURL {
        let here = URL(string: "\(url)\(Self.service)")
        let there = URL(string: location, relativeTo: here)?.absoluteString ?? ""
        guard there.hasSuffix(Self.service), let moved = try? RemoteURL(String(there.dropLast(Self.service.count))),
            moved.isSameOrigin(as: url)
        else {
            throw failure(
                .unsafeRedirect, "the server redirects to \(GitError.printable(location))",
                hint: "if it is right, give that URL in the settings")
        }
        return moved
    }

    private mutating func perform(_ request: HTTPClientRequest) async throws(GitError) -> HTTPClientResponse {
        var request = request
        request.headers.add(name: "Git-Protocol", value: "version=2")
        // Some servers answer git only.
        request.headers.add(name: "User-Agent", value: "git/2.39 (flock)")
        if let token = remote.token {
            let credentials = Data("x-access-token:\(token)".utf8).base64EncodedString()
            request.headers.add(name: "Authorization", value: "Basic \(credentials)")
        }
        do {
            let response = try await client.execute(request, timeout: TimeAmount(limits.deadline))
            hasAnswered = true
            return response
        } catch {
            throw explained(error)
        }
    }

    private func accepted(_ response: HTTPClientResponse) throws(GitError) -> HTTPClientResponse {
        switch response.status.code {
        case 200: return response
        case 401, 403:
            throw failure(
                .authentication, "the server answers \(response.status.code)",
                hint: remote.token == nil
                    ? "give the repository a token" : "check that the token may read the repository and has not expired"
            )
        case 404:
            throw failure(
                .repositoryNotFound, "the server answers 404",
                hint: "check the URL; forges say this, too, when a token is missing or may not read the repository")
        default: throw failure(.fetchFailed, "the server answers \(response.status.code)")
        }
    }

    private func failure(_ code: GitError.Code, _ message: String, hint: String? = nil) -> GitError {
        GitError(code, operation: "fetch \(url)", message: message, hint: hint)
    }

    private func explained(_ error: any Error) -> GitError {
        switch error {
        case is CancellationError: return failure(.cancelled, "the task was cancelled")
        case let error as HTTPClientError where error == .cancelled:
            return failure(.cancelled, "the task was cancelled")
        case let error as HTTPClientError where error == .connectTimeout:
            return failure(.unreachable, "no connection within \(limits.connect)")
        case let error as HTTPClientError where error == .readTimeout:
            return failure(.timedOut, "the server was silent for \(limits.silence)")
        case let error as HTTPClientError where error == .deadlineExceeded:
            return failure(.timedOut, "not done after \(limits.deadline)")
        case is NIOConnectionError where !hasAnswered, is IOError where !hasAnswered:
            return failure(.unreachable, "no connection: \(GitError.printable("\(error)"))")
        case is WrongName:
            return failure(.certificate, "the server's certificate is for another name than \(url.host)")
        default:
            let text = GitError.printable("\(error)")
            // NIOSSL has no case for it.
            guard text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("failedToValidateHostname") else {
                return failure(.fetchFailed, text)
            }
            return failure(
                .certificate, "the server's certificate is not valid: \(text)",
                hint: "if your own authority signed it, name its file in the settings")
        }
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        self = .nanoseconds(Int64(duration / .nanoseconds(1)))
    }
}

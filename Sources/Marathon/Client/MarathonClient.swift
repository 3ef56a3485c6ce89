public import AsyncHTTPClient
public import Foundation
public import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Marathon's REST API. Every server of the list is tried before a request fails.
public struct MarathonClient: Sendable {
    private let servers: [URL]
    private let http: HTTPClient
    private let authorization: @Sendable () -> String?
    private var patience: Patience?
    /// No answer that Flock asks for is larger.
    private static let bodyLimit = 256 << 20

    /// - Parameters:
    ///   - servers: base addresses such as `http://127.0.0.1:8080`.
    ///   - http: see ``httpConfiguration``; the caller shuts it down.
    ///   - patience: `nil` waits as long as `http` does.
    ///   - authorization: the header of that name, asked for at each request.
    public init(
        servers: [URL], http: HTTPClient, patience: Patience? = nil,
        authorization: @escaping @Sendable () -> String? = { nil }
    ) {
        self.servers = servers
        self.http = http
        self.patience = patience
        self.authorization = authorization
    }

    /// How long a whole answer may take, from however many servers. The event stream is not bound by it.
    public struct Patience: Sendable, Hashable {
        /// For a question that concerns one app.
        public var one: Duration
        /// For one that concerns all apps.
        public var all: Duration

        public init(one: Duration, all: Duration) {
            self.one = one
            self.all = all
        }

        /// For a part that others wait for.
        public static let short = Patience(one: .seconds(5), all: .seconds(10))
    }

    /// The same Marathon, asked with this patience.
    public func answering(within limit: Duration) -> MarathonClient {
        var client = self
        client.patience = Patience(one: limit, all: limit)
        return client
    }

    /// A client that says at once that a server is down, follows no redirects and does not unpack bodies.
    public static var httpConfiguration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        configuration.timeout.connect = .seconds(2)
        // Longer than the event stream's heartbeat of 10 s, so a silent stream is noticed.
        configuration.timeout.read = .seconds(35)
        configuration.decompression = .disabled
        return configuration
    }

    // MARK: Apps

    public func apps() async throws(MarathonError) -> [App] {
        struct Answer: Decodable { var apps: [App] }
        let path = "/v2/apps?embed=apps.tasks&embed=apps.lastTaskFailure&embed=apps.counts&embed=apps.deployments"
        return try await get(path, Answer.self, within: patience?.all).apps
    }

    /// Every app with its tasks and deployments and when it was changed, but of its definition only id, instances and
    /// labels: a part of the work of ``apps()``, which is much where there are thousands.
    public func appStates() async throws(MarathonError) -> [App] {
        struct Answer: Decodable { var apps: [App.State] }
        let path = "/v2/apps?embed=apps.tasks&embed=apps.deployments"
        return try await get(path, Answer.self, within: patience?.all).apps.map(\.app)
    }

    /// `nil` when there is no such app.
    public func app(_ id: String) async throws(MarathonError) -> App? {
        struct Answer: Decodable { var app: App }
        do {
            return try await get("/v2/apps\(id)", Answer.self, within: patience?.one).app
        } catch  where error.code == .notFound {
            return nil
        }
    }

    /// Creates the app or changes the keys that are given.
    public func put(_ definition: AppDefinition, to id: String, force: Bool = false) async throws(MarathonError)
        -> DeploymentResult
    {
        try await send(.PUT, "/v2/apps\(id)\(force ? "?force=true" : "")", body: definition)
    }

    /// Changes nothing but the number of instances.
    public func scale(_ id: String, to instances: Int, force: Bool = false) async throws(MarathonError)
        -> DeploymentResult
    {
        var change = AppDefinition()
        change.instances = instances
        return try await put(change, to: id, force: force)
    }

    public func delete(_ id: String) async throws(MarathonError) -> DeploymentResult {
        try await send(.DELETE, "/v2/apps\(id)", body: nil as AppDefinition?)
    }

    // MARK: Tasks, deployments, queue

    public func tasks(of id: String) async throws(MarathonError) -> [AppTask] {
        struct Answer: Decodable { var tasks: [AppTask] }
        return try await get("/v2/apps\(id)/tasks", Answer.self, within: patience?.one).tasks
    }

    /// Ends these tasks, and lowers the number of instances by as many, in one deployment. Tasks that are gone already
    /// count for nothing.
    /// - Parameters:
    ///   - ids: of one or more tasks.
    ///   - force: instead of a deployment that goes on.
    public func killAndScale(_ ids: [String], force: Bool = false) async throws(MarathonError) -> DeploymentResult {
        struct Body: Encodable { var ids: [String] }
        return try await send(.POST, "/v2/tasks/delete?scale=true\(force ? "&force=true" : "")", body: Body(ids: ids))
    }

    public func deployments() async throws(MarathonError) -> [Deployment] {
        try await get("/v2/deployments", [Deployment].self, within: patience?.all)
    }

    /// What waits to be launched, and for what.
    public func queue() async throws(MarathonError) -> [QueuedLaunch] {
        struct Answer: Decodable { var queue: [QueuedLaunch] }
        return try await get("/v2/queue", Answer.self, within: patience?.all).queue
    }

    /// Lets a waiting launch start at once. Scaling does not clear the delay that earlier failures left.
    public func resetLaunchDelay(of id: String) async throws(MarathonError) {
        do {
            _ = try await request(.DELETE, "/v2/queue\(id)/delay", body: nil, within: patience?.one)
        } catch  where error.code == .notFound {
            // Not in the queue: nothing to clear.
        }
    }

    public func ping() async throws(MarathonError) {
        _ = try await request(.GET, "/ping", body: nil, within: patience?.one)
    }

    /// Bytes of a file in a task's sandbox, by Mesos' files endpoint on the agent.
    /// - Parameter agent: base address of the agent; `nil` asks the server that answers Marathon's API, as
    ///   `flock-engine` has both.
    /// - Returns: at most `length` bytes from `offset`, up to the last whole character, and the offset they start at; a
    ///   negative offset counts from the end.
    public func readFile(_ path: String, offset: Int, length: Int = 64 << 10) async throws(MarathonError)
        -> FileChunk
    {
        var components = URLComponents()
        components.path = "/files/read"
        components.queryItems = [
            URLQueryItem(name: "path", value: path), URLQueryItem(name: "offset", value: String(offset)),
            URLQueryItem(name: "length", value: String(length)),
        ]
        return try await get(components.string ?? "/files/read", FileChunk.self, within: patience?.one)
    }

    /// A whole file of a task's sandbox, by Mesos' files endpoint.
    /// - Parameter take: gets one piece after the other.
    /// - Throws: ``MarathonError``, with `unreachable` for an answer that breaks off; and what `take` throws.
    public func download(_ path: String, _ take: (ByteBuffer) async throws -> Void) async throws {
        var components = URLComponents()
        components.path = "/files/download"
        components.queryItems = [URLQueryItem(name: "path", value: path)]
        let target = components.string ?? "/files/download"
        let response = try await open(.GET, target, accept: "application/octet-stream", body: nil, by: nil)
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                try Task.checkCancellation()
                throw MarathonError(
                    .unreachable, operation: "GET \(target)", message: "the answer breaks off (\(error))")
            }
            guard let piece else { return }
            try await take(piece)
        }
    }

    // MARK: Events

    /// The event stream of the first server that answers. It ends or throws when the connection does; what
    /// happened meanwhile is not sent again, so read the state after each connect.
    /// - Parameter types: only these, from Marathon 1.3.7 on; earlier ones send all.
    public func events(types: [String] = []) async throws(MarathonError) -> AsyncThrowingStream<
        MarathonEvent, any Error
    > {
        let query = types.isEmpty ? "" : "?" + types.map { "event_type=\($0)" }.joined(separator: "&")
        // Marathon wants exactly this Accept header.
        let response = try await open(.GET, "/v2/events\(query)", accept: "text/event-stream", body: nil, by: nil)
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: MarathonEvent.self)
        let reader = Task {
            do {
                var parser = ServerSentEventParser()
                for try await buffer in response.body {
                    for data in parser.push(buffer.readableBytesView) {
                        if let event = MarathonEvent(json: data) { continuation.yield(event) }
                    }
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in reader.cancel() }
        return stream
    }

    // MARK: Requests

    private func get<Answer: Decodable>(
        _ path: String, _: Answer.Type, within limit: Duration?
    ) async throws(MarathonError) -> Answer {
        let data = try await request(.GET, path, body: nil, within: limit)
        return try decode(data, operation: "GET \(path)")
    }

    private func send<Body: Encodable, Answer: Decodable>(
        _ method: HTTPMethod, _ path: String, body: Body?
    ) async throws(MarathonError) -> Answer {
        var data: Data?
        if let body {
            do {
                data = try JSONEncoder().encode(body)
            } catch {
                throw MarathonError(.refused, operation: "\(method.rawValue) \(path)", message: "\(error)")
            }
        }
        let answer = try await request(method, path, body: data, within: patience?.one)
        return try decode(answer, operation: "\(method.rawValue) \(path)")
    }

    private func decode<Answer: Decodable>(_ data: Data, operation: String) throws(MarathonError) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: data)
        } catch {
            throw MarathonError(.unexpectedAnswer, operation: operation, message: "\(error)")
        }
    }

    private func request(
        _ method: HTTPMethod, _ path: String, body: Data?, within limit: Duration?
    ) async throws(MarathonError) -> Data {
        let operation = "\(method.rawValue) \(path)"
        let deadline = limit.map { NIODeadline.now() + TimeAmount($0) }
        let response = try await open(method, path, accept: "application/json", body: body, by: deadline)
        let answer: ByteBuffer?
        do {
            answer = try await Self.collect(response.body, upTo: Self.bodyLimit, by: deadline)
        } catch {
            throw MarathonError(.unreachable, operation: operation, message: "\(error)")
        }
        guard let answer else {
            throw MarathonError(.silent, operation: operation, message: "the answer has begun and does not end")
        }
        return Data(buffer: answer)
    }

    /// - Returns: `nil` when the deadline came first.
    private static func collect(
        _ body: HTTPClientResponse.Body, upTo limit: Int, by deadline: NIODeadline?
    ) async throws -> ByteBuffer? {
        guard let deadline else { return try await body.collect(upTo: limit) }
        return try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try await body.collect(upTo: limit) }
            group.addTask {
                try await Task.sleep(for: .nanoseconds((deadline - .now()).nanoseconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { return nil }
            return first
        }
    }

    /// - Parameter deadline: for the head of the answer. Each server gets its share of the time that is left.
    private func open(
        _ method: HTTPMethod, _ path: String, accept: String, body: Data?, by deadline: NIODeadline?
    ) async throws(MarathonError) -> HTTPClientResponse {
        let operation = "\(method.rawValue) \(path)"
        var (code, lastError) = (MarathonError.Code.unreachable, "no server is configured")
        for (index, server) in servers.enumerated() {
            var base = server.absoluteString
            while base.hasSuffix("/") { base.removeLast() }
            var request = HTTPClientRequest(url: base + path)
            request.method = method
            request.headers.add(name: "Accept", value: accept)
            if let authorization = authorization() { request.headers.add(name: "Authorization", value: authorization) }
            if let body {
                request.headers.add(name: "Content-Type", value: "application/json")
                request.body = .bytes(ByteBuffer(data: body))
            }
            let response: HTTPClientResponse
            do {
                response = try await http.execute(
                    request, deadline: Self.share(of: deadline, among: servers.count - index))
            } catch {
                if (error as? HTTPClientError) == .deadlineExceeded { code = .silent }
                lastError = "\(base) does not answer (\(error))"
                continue
            }
            guard !(200..<300).contains(Int(response.status.code)) else { return response }
            let answer = try? await Self.collect(response.body, upTo: 1 << 20, by: deadline)
            throw Refusal(answer.map { Data(buffer: $0) } ?? Data()).error(
                status: response.status, operation: operation)
        }
        throw MarathonError(code, operation: operation, message: lastError)
    }

    private static func share(of deadline: NIODeadline?, among servers: Int) -> NIODeadline {
        guard let deadline else { return .distantFuture }
        let now = NIODeadline.now()
        return now + .nanoseconds((deadline - now).nanoseconds / Int64(servers))
    }
}

/// The body of an answer that is not a success. `details` is a string, a list or absent.
private struct Refusal {
    private var message: String?
    private var deployments: [String] = []

    init(_ body: Data) {
        guard let object = (try? JSONSerialization.jsonObject(with: body)) as? [String: Any] else { return }
        message = object["message"] as? String
        if let list = object["details"] as? [[String: Any]] {
            let details = list.map { detail in
                let errors = (detail["errors"] as? [String] ?? []).joined(separator: ", ")
                return "\(detail["path"] as? String ?? "/"): \(errors)"
            }
            message = ([message ?? "refused"] + details).joined(separator: "; ")
        } else if let details = object["details"] as? String {
            message = "\(message ?? "refused"): \(details)"
        }
        deployments = (object["deployments"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }

    func error(status: HTTPResponseStatus, operation: String) -> MarathonError {
        let code: MarathonError.Code =
            switch status.code {
            case 401, 403: .unauthorized
            case 404: .notFound
            case 409: deployments.isEmpty ? .conflict : .locked
            case 400..<500: .refused
            default: .server
            }
        return MarathonError(
            code, operation: operation, message: message ?? "answered \(status.code)", deployments: deployments)
    }
}

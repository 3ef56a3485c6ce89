public import AsyncHTTPClient
import FlockCore
import Foundation
import Marathon
import NIOCore
public import NIOHTTP1
import Synchronization

/// The engine alone as a process, on a free port and in a folder of its own.
public final class EngineSite: Sendable {
    public let folder: TemporaryFolder
    public let http: HTTPClient
    public let port: Int
    private let running: Mutex<Binary>
    private let arguments: [String]

    public var url: String { "http://127.0.0.1:\(port)" }
    public var state: String { "\(folder.path)/state" }
    private var config: String { "\(folder.path)/flock.yaml" }
    /// The file of the token that may do everything.
    public var tokenFile: String { StateFolder(state).engineToken }
    private var binary: Binary { running.withLock { $0 } }
    public var isRunning: Bool { binary.isRunning }
    public var log: String { binary.output }

    public enum Caller: Sendable { case changer, reader, nobody }

    /// What the engine answered.
    public struct Answer: Sendable {
        public var status: Int
        public var headers: HTTPHeaders
        public var text: String

        /// The body as JSON; `NSNull` when it is none.
        public var json: Any {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) ?? NSNull()
        }

        /// What the JSON body holds behind these keys and list indices; `nil` when there is nothing.
        public subscript(_ path: (any Sendable)...) -> Any? {
            path.reduce(json as Any?) { value, key in
                if let key = key as? String { return (value as? [String: Any])?[key] }
                guard let index = key as? Int, let list = value as? [Any], list.indices.contains(index) else {
                    return nil
                }
                return list[index]
            }
        }
    }

    private init(settings: [String]) async throws {
        folder = try TemporaryFolder()
        let taskPorts = freePortRange(50)
        port = try await freePorts(1)[0]
        var configuration = MarathonClient.httpConfiguration
        configuration.timeout.connect = .seconds(30)
        configuration.timeout.read = .seconds(60)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        try """
        state: \(folder.path)/state
        engine: {listen: "127.0.0.1:\(port)", ports: \(taskPorts.lowerBound)-\(taskPorts.upperBound)}

        """.write(toFile: "\(folder.path)/flock.yaml", atomically: true, encoding: .utf8)
        arguments =
            ["--config", "\(folder.path)/flock.yaml", "--log-level", "debug"] + settings.flatMap { ["--set", $0] }
        running = Mutex(try Binary.start("flock-engine", arguments, log: "\(folder.path)/flock-engine.log"))
    }

    /// Ends the engine with a signal, and waits until it is gone. Tasks live on.
    public func end(_ signal: Int32) async throws {
        binary.signal(signal)
        try await binary.waitUntilExit()
    }

    /// Starts an engine on the same folder, in place of the one that was ended.
    public func start() throws {
        let next = try Binary.start("flock-engine", arguments, log: "\(folder.path)/flock-engine.log")
        running.withLock { $0 = next }
    }

    /// Starts a second engine on the same folder.
    public func startAnother() throws -> Binary {
        try Binary.start("flock-engine", arguments, log: "\(folder.path)/other-engine.log")
    }

    public func isHealthy() async throws {
        let part = PartClient(.engine, state: StateFolder(state), http: http)
        try await eventually("flock-engine is healthy") {
            (try? await part.open(.GET, "/health", timeout: .seconds(2)).collect(upTo: 1024)) != nil
        }
        // Which it listens for beside its socket.
        try await eventually("flock-engine listens") { await accepts(port) }
    }

    /// Starts the engine, hands it to the test, and ends it and its tasks, however the test ends.
    /// - Parameter settings: `key=value`, as `--set` takes them.
    public static func run(settings: [String] = [], _ test: (EngineSite) async throws -> Void) async throws {
        let site = try await EngineSite(settings: settings)
        var failure: (any Error)?
        do {
            try await site.isHealthy()
            try await test(site)
        } catch {
            failure = error
            print("--- flock-engine\n\(site.log.suffix(6000))")
        }
        // SIGTERM leaves the tasks; `flock down` ends those.
        try await tidyUp(
            after: failure,
            { try await Binary.end([site.binary]) },
            { try await Site.down(site.config) },
            { try await site.http.shutdown() })
    }

    /// What the caller sends as `Authorization`.
    /// - Throws: when the engine has not made its tokens.
    public func authorization(_ caller: Caller = .changer) throws -> String? {
        let file =
            switch caller {
            case .changer: StateFolder(state).engineToken
            case .reader: StateFolder(state).engineReadToken
            case .nobody: String?.none
            }
        return try file.map {
            "Bearer \(try String(contentsOfFile: $0, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines))"
        }
    }

    private func request(
        _ method: HTTPMethod, _ path: String, _ body: [UInt8], _ caller: Caller, _ headers: [String: String]
    ) throws -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if let authorization = try authorization(caller) {
            request.headers.add(name: "Authorization", value: authorization)
        }
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        return request
    }

    /// A request to the API.
    public func ask(
        _ method: HTTPMethod, _ path: String, _ body: String? = nil, as caller: Caller = .changer,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await ask(method, path, bytes: Array((body ?? "").utf8), as: caller, headers: headers)
    }

    /// A request to the API with any bytes.
    /// - Parameter readsBody: false for an answer that does not end, which is given up.
    public func ask(
        _ method: HTTPMethod, _ path: String, bytes: [UInt8], as caller: Caller = .changer,
        headers: [String: String] = [:], readsBody: Bool = true
    ) async throws -> Answer {
        let response = try await http.execute(
            try request(method, path, bytes, caller, headers), timeout: .seconds(60))
        let text = readsBody ? String(buffer: try await response.body.collect(upTo: 64 << 20)) : ""
        return Answer(status: Int(response.status.code), headers: response.headers, text: text)
    }

    /// What any server answers, such as a task.
    public func get(_ url: String) async throws -> (status: UInt, text: String) {
        let response = try await http.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
        return (response.status.code, String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// The events of `/v2/events` from now on. The stream is open when this returns.
    /// - Parameter query: behind the path, `?event_type=…`.
    public func events(_ query: String = "") async throws -> EventLog {
        let response = try await http.execute(
            try request(.GET, "/v2/events\(query)", [], .reader, ["Accept": "text/event-stream"]),
            timeout: .seconds(60))
        return EventLog(response.body)
    }

    /// Waits until no deployment is under way.
    public func isQuiet() async throws {
        try await eventually("no deployment is under way") { try await ask(.GET, "/v2/deployments").text == "[]" }
    }
}

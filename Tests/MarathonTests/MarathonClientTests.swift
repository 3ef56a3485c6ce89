import AsyncHTTPClient
import FlockTesting
import Foundation
import Marathon
import Testing

@Suite struct MarathonClientTests {
    private func withClient<Result>(
        dead: Bool = false, silent: Bool = false, patience: MarathonClient.Patience? = nil,
        _ answer: @escaping @Sendable (String, String) -> TinyServer.Answer,
        _ body: (MarathonClient) async throws -> Result
    ) async throws -> Result {
        let server = try await TinyServer(answer)
        let quiet = try await TinyServer { _, _ in .silence }
        let ports = try await (dead ? freePorts(1) : []) + (silent ? [quiet.port] : []) + [server.port]
        let servers = ports.compactMap { URL(string: "http://127.0.0.1:\($0)/") }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        do {
            let result = try await body(MarathonClient(servers: servers, http: http, patience: patience))
            try await http.shutdown()
            try await server.stop()
            try await quiet.stop()
            return result
        } catch {
            try? await http.shutdown()
            try? await server.stop()
            try? await quiet.stop()
            throw error
        }
    }

    private func refusal(_ status: Int, _ body: String) async throws -> MarathonError {
        try await withClient { _, _ in
            .full(status: status, body: body)
        } _: { client in
            try await #require(throws: MarathonError.self) { _ = try await client.scale("/a", to: 1) }
        }
    }

    @Test func `an app that is not there is nil`() async throws {
        let app = try await withClient { _, _ in
            .full(status: 404, body: #"{"message":"App '/a' does not exist"}"#)
        } _: {
            try await $0.app("/a")
        }
        #expect(app == nil)
    }

    @Test func `an app is read from where it is`() async throws {
        let app = try await withClient { method, uri in
            method == "GET" && uri == "/v2/apps/a/b"
                ? .ok(#"{"app":{"id":"/a/b","instances":0}}"#) : .status(500)
        } _: {
            try await $0.app("/a/b")
        }
        #expect(app?.id == "/a/b" && app?.instances == 0)
    }

    @Test func `scaling by force says so`() async throws {
        let result = try await withClient { method, uri in
            method == "PUT" && uri == "/v2/apps/a?force=true"
                ? .ok(#"{"version":"v","deploymentId":"d"}"#) : .status(500)
        } _: {
            try await $0.scale("/a", to: 1, force: true)
        }
        #expect(result == DeploymentResult(version: "v", deploymentId: "d"))
    }

    @Test func `ending tasks lowers the number in the same request`() async throws {
        let result = try await withClient { method, uri in
            method == "POST" && uri == "/v2/tasks/delete?scale=true"
                ? .ok(#"{"version":"v","deploymentId":"d"}"#) : .status(500)
        } _: { client in
            try await client.killAndScale(["a.1", "a.2"])
        }
        #expect(result == DeploymentResult(version: "v", deploymentId: "d"))
    }

    @Test func `an app that a deployment holds is locked by it`() async throws {
        let error = try await refusal(409, #"{"message":"App is locked","deployments":[{"id":"d1"},{"id":"d2"}]}"#)
        #expect(error.code == .locked && error.deployments == ["d1", "d2"])
    }

    @Test(arguments: [
        (409, MarathonError.Code.conflict), (401, .unauthorized), (403, .unauthorized), (404, .notFound),
        (400, .refused), (422, .refused), (500, .server), (503, .server),
    ])
    func `a status is a code`(_ status: Int, _ code: MarathonError.Code) async throws {
        let error = try await refusal(status, #"{"message":"why"}"#)
        #expect(error.code == code && error.message == "why" && error.operation == "PUT /v2/apps/a")
        #expect(try await refusal(status, "<html>").message == "answered \(status)")
    }

    @Test func `details are told whether they are a list or a text`() async throws {
        let list = #"{"message":"Object is not valid","details":[{"path":"/id","errors":["bad","worse"]}]}"#
        #expect(try await refusal(422, list).message == "Object is not valid; /id: bad, worse")
        #expect(
            try await refusal(400, #"{"message":"Invalid JSON","details":"line 1"}"#).message == "Invalid JSON: line 1")
    }

    @Test func `an answer that is no JSON is said to be`() async throws {
        let error = try await withClient { _, _ in
            .ok("<html>")
        } _: { client in
            try await #require(throws: MarathonError.self) { _ = try await client.apps() }
        }
        #expect(error.code == .unexpectedAnswer)
    }

    /// Of a definition, Marathon may answer what a later version has added, and keys that are null.
    @Test func `how all apps are doing is read without the rest of their definitions`() async throws {
        let list = #"""
            {"apps":[{"id":"/a","instances":2,"labels":{"A":"b"},"version":"v","cpus":"not read","deployments":[{"id":"d"}],
              "versionInfo":{"lastScalingAt":"2","lastConfigChangeAt":"1"},
              "tasks":[{"id":"t","appId":"/a","host":"h","ports":[1,2],"state":"TASK_RUNNING"}]},
             {"id":"/b","instances":null,"labels":null,"tasks":null}]}
            """#
        let apps = try await withClient { _, uri in
            uri.hasPrefix("/v2/apps?embed=apps.tasks&") ? .ok(list) : .status(500)
        } _: {
            try await $0.appStates()
        }
        #expect(apps.map(\.id) == ["/a", "/b"] && apps.map(\.instances) == [2, 1])
        #expect(apps[0].labels == ["A": "b"] && apps[0].version == "v" && apps[0].deployments.map(\.id) == ["d"])
        #expect(apps[0].versionInfo == VersionInfo(lastScalingAt: "2", lastConfigChangeAt: "1"))
        #expect(apps[0].tasks?.map(\.ports) == [[1, 2]] && apps[0].tasks?.allSatisfy(\.isRunning) == true)
        #expect(apps[1].labels.isEmpty && apps[1].tasks == nil && apps[1].deployments.isEmpty)
    }

    @Test func `the second server is asked when the first does not answer`() async throws {
        try await withClient(dead: true) { _, _ in
            .ok("pong")
        } _: {
            try await $0.ping()
        }
    }

    @Test func `no server that answers is unreachable`() async throws {
        let port = try await freePorts(1)[0]
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        let client = MarathonClient(servers: [URL(string: "http://127.0.0.1:\(port)")!], http: http)
        let error = await #expect(throws: MarathonError.self) { try await client.ping() }
        #expect(error?.code == .unreachable)
        try await http.shutdown()
    }

    @Test func `a launch delay that is not there is none to clear`() async throws {
        try await withClient { _, _ in
            .status(404)
        } _: {
            try await $0.resetLaunchDelay(of: "/a")
        }
    }

    /// Within these limits, or the test's: `http` itself waits for 35 s.
    @Test(.timeLimit(.minutes(1)), arguments: [TinyServer.Answer.silence, .head])
    func `a server that takes the question and does not answer is silent`(_ answer: TinyServer.Answer) async throws {
        let patience = MarathonClient.Patience(one: .milliseconds(100), all: .milliseconds(200))
        let codes = try await withClient(patience: patience) { _, _ in
            answer
        } _: { client in
            let questions: [@Sendable () async throws -> Void] = [
                { _ = try await client.app("/a") }, { _ = try await client.apps() },
                { _ = try await client.scale("/a", to: 0) }, { _ = try await client.resetLaunchDelay(of: "/a") },
                { _ = try await client.queue() },
                { _ = try await client.answering(within: .milliseconds(50)).app("/a") },
            ]
            var codes: [MarathonError.Code] = []
            for question in questions {
                let error = try await #require(throws: MarathonError.self) { try await question() }
                codes.append(error.code)
            }
            return codes
        }
        #expect(codes == Array(repeating: .silent, count: 6))
    }

    @Test func `a silent server leaves time for the next one`() async throws {
        try await withClient(silent: true, patience: .init(one: .seconds(20), all: .seconds(20))) { _, _ in
            .ok("pong")
        } _: {
            try await $0.ping()
        }
    }
}

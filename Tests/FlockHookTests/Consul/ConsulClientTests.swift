import AsyncHTTPClient
import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

@testable import FlockHook

/// Against a stand-in that follows Consul's documentation of its HTTP API.
@Suite struct ConsulClientTests {
    private func with(
        _ keys: [String: String], token: String = "t0ken", _ test: (ConsulClient, ConsulServer) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        try "\(token)\n".write(toFile: "\(folder.path)/token", atomically: true, encoding: .utf8)
        let server = try await ConsulServer(keys: keys, token: "t0ken")
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/"))
        var failure: (any Error)?
        do {
            try await test(
                ConsulClient(url: url, token: .init(file: "\(folder.path)/token"), http: http), server)
        } catch { failure = error }
        try await http.shutdown()
        try await server.stop()
        if let failure { throw failure }
    }

    @Test func `keys below a prefix come without it, decoded, without folders and neighbours`() async throws {
        let keys = [
            "service/shop/A": "1", "service/shop/deep/b": "grün", "service/shop/EMPTY": "", "service/shop/folder/": "",
            "service/shop2/C": "no", "service/sho": "no",
        ]
        try await with(keys) { client, server in
            let values = try await client.values(below: "service/shop/")
            #expect(values == ["A": "1", "deep/b": "grün", "EMPTY": ""])
            let none = try await client.values(below: "service/none/")
            #expect(none.isEmpty)
            #expect(server.asked.first == "GET /v1/kv/service/shop/?recurse=true")
        }
    }

    @Test func `a token that may not is called so, and not shown`() async throws {
        try await with(["service/shop/A": "1"], token: "wr0ng") { client, _ in
            let error = await #expect(throws: DeployFailure.self) { try await client.values(below: "service/shop/") }
            #expect(error?.message.contains("hook.consul.token") == true && error?.message.contains("wr0ng") == false)
        }
    }

    @Test func `a file that holds no token is called so, and not shown`() async throws {
        try await with([:], token: "t0p\nsecret") { client, server in
            let error = await #expect(throws: DeployFailure.self) { try await client.values(below: "service/shop/") }
            #expect(error?.code == "consul_token" && error?.message.contains("secret") == false)
            #expect(server.asked.isEmpty)
        }
    }

    @Test func `a service is entered as an external one`() async throws {
        try await with([:]) { client, server in
            try await client.register(
                ConsulEntry(
                    node: "flock", address: "10.0.0.5",
                    service: .init(
                        id: "flock-shop", service: "shop", address: "10.0.0.5", port: 80, tags: ["flock"],
                        meta: ["host": "shop.example.org"])))
            let body = try #require(server.registered.first)
            let object = try #require(JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
            let service = try #require(object["Service"] as? [String: Any])
            #expect(object["Node"] as? String == "flock" && object["Address"] as? String == "10.0.0.5")
            #expect(service["ID"] as? String == "flock-shop" && service["Port"] as? Int == 80)
            #expect((object["NodeMeta"] as? [String: String])?["external-node"] == "true")
        }
    }
}

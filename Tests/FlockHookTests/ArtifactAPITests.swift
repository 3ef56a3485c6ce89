import AsyncHTTPClient
import FlockCore
import FlockTesting
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import FlockHook

/// Code for tasks, which is not given to whom forges' address is open.
struct ArtifactAPITests {
    @Test func `tasks get code by its name, and nothing else that is in the state folder`() async throws {
        try await HookServer.run { server in
            let state = server.state
            try FileManager.default.createDirectory(atPath: state.artifacts, withIntermediateDirectories: true)
            let code = [UInt8]((0..<600_000).map { UInt8(truncatingIfNeeded: $0) })
            let name = "shop-\(Pushes.new).tar"
            for file in [name, ".half.tar", "shop.txt"] {
                try Data(code).write(to: URL(fileURLWithPath: "\(state.artifacts)/\(file)"))
            }
            try Data(code).write(to: URL(fileURLWithPath: "\(state.path)/secret.tar"))

            let given = try await get(name, at: server.codePort, server)
            #expect(given.status == 200)
            #expect(given.bytes == code)
            for other in [
                ".half.tar", "shop.txt", "../secret.tar", "..%2Fsecret.tar", "%2e%2e%2fsecret.tar", "", "none.tar",
                "\(name)%00", "SHOP.tar",
            ] {
                #expect(try await get(other, at: server.codePort, server).status == 404, "\(other)")
            }
        }
    }

    @Test func `where forges deliver there is no code, and where code is nobody delivers`() async throws {
        try await HookServer.run { server in
            let state = server.state
            try FileManager.default.createDirectory(atPath: state.artifacts, withIntermediateDirectories: true)
            try Data("code".utf8).write(to: URL(fileURLWithPath: "\(state.artifacts)/shop.tar"))
            #expect(try await get("shop.tar", at: server.codePort, server).status == 200)
            #expect(try await get("shop.tar", at: server.port, server).status == 404)
            var delivery = HTTPClientRequest(url: "http://127.0.0.1:\(server.codePort)/hooks")
            delivery.method = .POST
            #expect(try await server.http.execute(delivery, timeout: .seconds(60)).status == .notFound)
        }
    }

    private func get(
        _ name: String, at port: Int, _ server: HookServer
    ) async throws -> (status: UInt, bytes: [UInt8]) {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/artifacts/\(name)")
        let response = try await server.http.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 1 << 20)
        return (response.status.code, Array(body.readableBytesView))
    }
}

import FlockCore
import FlockTesting
import Foundation
import Logging
import Testing

@testable import FlockHAProxy

@Suite struct RoutingServiceTests {
    @Test func `a Marathon that takes the question and says nothing is noticed while leases are short`() async throws {
        let folder = try TemporaryFolder()
        let marathon = try await TinyServer { _, _ in .silence }
        let ports = try await freePorts(3)
        var settings = try RenderedFilesTests.settings(.map)
        settings.marathon = [try #require(URL(string: "http://127.0.0.1:\(marathon.port)"))]
        settings.http.listen = ListenAddress(host: "127.0.0.1", port: ports[0])
        settings.stats.listen = ListenAddress(host: "127.0.0.1", port: ports[1])
        settings.backup.listen = ListenAddress(host: "127.0.0.1", port: ports[2])
        let service = try RoutingService(
            settings: LiveSettings(settings), state: StateFolder(folder.path),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await service.run() }
        let result: Result<Void, any Error>
        do {
            // The connection itself would be given up after 35 s only.
            result = .success(
                try await eventually("it says so", within: .seconds(25)) {
                    await service.health() == .failing("Marathon does not answer")
                })
        } catch {
            result = .failure(error)
        }
        running.cancel()
        try await running.value
        try await service.stopHAProxy()
        try await marathon.stop()
        try result.get()
    }
}

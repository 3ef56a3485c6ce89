import AsyncHTTPClient
import FlockTesting
import Foundation
import Logging
import Marathon
import Synchronization
import Testing

@testable import FlockScaler

@Suite struct SleepProcedureTests {
    @Test(.timeLimit(.minutes(3))) func `a kill that Marathon takes and does not answer is asked for again`()
        async throws
    {
        let kills = Mutex(0)
        let server = try await TinyServer { method, _ in
            guard method == "PUT" else { return .ok(#"{"app":{"id":"/a","instances":1,"tasks":[]}}"#) }
            return kills.withLock {
                $0 += 1
                return $0 == 1 ? .silence : .ok(#"{"version":"v","deploymentId":"d"}"#)
            }
        }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)"))
        let outcome = await SleepProcedure(
            backups: [], haproxies: [],
            marathon: MarathonClient(servers: [url], http: http).answering(within: .seconds(8)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).run("/a")
        #expect(outcome == .asleep)
        #expect(kills.withLock { $0 } == 2)
        try await http.shutdown()
        try await server.stop()
    }
}

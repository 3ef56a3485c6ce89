import Logging
import Marathon
import Testing

@testable import FlockHook

@Suite struct PersistenceTests {
    private let persistently = Persistence(logger: Logger(label: "test"))
    private let outage = MarathonError(.unreachable, operation: "GET /", message: "nobody there")

    @Test func `what has a deadline is not tried after it`() async throws {
        var tries = 0
        await #expect(throws: MarathonError.self) {
            try await persistently(until: .now) {
                tries += 1
                throw outage
            }
        }
        #expect(tries == 1)
    }

    @Test func `what says nothing of Marathon as a whole is not tried again`() async throws {
        var tries = 0
        await #expect(throws: MarathonError.self) {
            try await persistently {
                tries += 1
                throw MarathonError(.notFound, operation: "GET /", message: "no such file")
            }
        }
        #expect(tries == 1)
        #expect(
            try await persistently {
                tries += 1
                if tries == 2 { throw outage }
                return tries
            } == 3)
    }
}

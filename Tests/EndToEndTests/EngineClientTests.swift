import FlockTesting
import Foundation
import Testing

/// Programs that were written for Marathon, by people who have never heard of Flock.
@Suite(.serialized)
struct EngineClientTests {
    private static let clients = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Clients").path

    @Test(
        "Debian's python3-marathon, which refuses keys it does not know: all it can do",
        .timeLimit(.minutes(5)))
    func python() async throws {
        try await EngineSite.run { site in
            // The token goes by its file: everybody sees a program's arguments.
            let ran = try await run("python3", ["\(Self.clients)/marathon_client.py", site.url, site.tokenFile])
            #expect(ran.isSuccess, "make test installs it where it is missing\n\(ran.output)")
            #expect(ran.output.contains("marathon-python is content"))
        }
    }
}

import FlockCore
import Foundation

@testable import FlockHook

/// Payloads of forges, from `Tests/Fixtures/webhooks`.
enum Fixtures {
    static func payload(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return Array(try Data(contentsOf: folder.appending(path: "Fixtures/webhooks/\(name)")))
    }

    static func repository(_ branches: [String: Settings.Repository.Environment]) -> KnownRepository {
        KnownRepository(
            address: RepositoryAddress("https://github.com/acme/shop"),
            source: .remote(url: "https://github.com/acme/shop"), secretFiles: [],
            branches: branches)
    }

    static func temporaryFolder() -> String {
        FileManager.default.temporaryDirectory.appending(path: "flock-hook-\(UUID().uuidString)").path
    }
}

import FlockCore
import Foundation
import Testing

@testable import FlockHook

/// Stores in folders of their own, and pushes to put into them.
protocol HookStoreExamples: Sendable {}

extension HookStoreExamples {
    var now: Date { Date(timeIntervalSince1970: 1_767_225_600) }

    func withStore<Result>(_ body: (HookStore) async throws -> Result) async throws -> Result {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(try HookStore(folder: folder))
    }

    func delivery(
        _ id: String, ref: String = "refs/heads/main", repository: String = "https://x/shop", after: String? = nil,
        isDeletion: Bool = false
    ) throws -> Delivery {
        var known = Fixtures.repository(["main": .production, "x": .preview])
        known.address = RepositoryAddress(repository)
        let change = try RefChange(name: ref, before: nil, after: isDeletion ? nil : after ?? commit(id))
        return Delivery(forge: .github, id: id, repository: known, changes: [change])
    }

    /// A commit for each name.
    func commit(_ name: String) -> String {
        String((name.utf8.map { String($0, radix: 16) }.joined() + String(repeating: "f", count: 40)).prefix(40))
    }

    func receive(
        _ store: HookStore, _ id: String, ref: String = "refs/heads/main", repository: String = "https://x/shop",
        after: String? = nil
    ) async throws -> DeployRecord {
        let delivery = try delivery(id, ref: ref, repository: repository, after: after)
        return try #require(try await store.receive(delivery, at: now).deploys.first)
    }
}

extension HookStore {
    /// As flock-hook does.
    func receive(_ delivery: Delivery, at date: Date) async throws -> Receipt {
        try #require(try await DeliveryInbox(store: self).receive([delivery], at: date).first)
    }
}

import Foundation

/// Stores deliveries, those that come while the disk is busy in one transaction: the disk is waited for once for all of
/// them, and each is answered after that.
actor DeliveryInbox {
    private typealias Waiting = (
        delivery: [Delivery], at: Date, answer: CheckedContinuation<[HookStore.Receipt], any Error>
    )

    private let store: HookStore
    private var waiting: [Waiting] = []
    private var isWriting = false

    init(store: HookStore) {
        self.store = store
    }

    /// Returns when it is on the disk.
    /// - Parameter delivery: to each program that it is for.
    func receive(_ delivery: [Delivery], at date: Date) async throws -> [HookStore.Receipt] {
        try await withCheckedThrowingContinuation { answer in
            waiting.append((delivery, date, answer))
            guard !isWriting else { return }
            isWriting = true
            Task { await write() }
        }
    }

    private func write() async {
        while !waiting.isEmpty {
            let batch = waiting
            waiting = []
            do {
                let receipts = try await store.receive(batch.map { ($0.delivery, $0.at) })
                for (one, receipt) in zip(batch, receipts) { one.answer.resume(with: receipt) }
            } catch {
                for one in batch { one.answer.resume(throwing: error) }
            }
        }
        isWriting = false
    }
}

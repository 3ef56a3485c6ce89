import FlockCore
import Foundation
import NIOHTTP1

/// The leases of one sleep: taken on one part after the other, renewed as long as it goes on, given back together.
/// When the scaler is gone they end by themselves, and the app serves.
actor SleepLeases {
    /// Longer than a part takes to answer twice, and short: after a crash requests wait as long as this.
    static let length = Duration.seconds(5)
    private static let pause = Duration.seconds(1)
    /// A reload of a large HAProxy may be under way.
    private static let drainTimeout = Duration.seconds(8)
    private static let timeout = Duration.seconds(2)

    private enum Verb: String {
        case hold, drain
    }

    private let query: String
    private var taken: [(verb: Verb, part: PartClient)] = []

    /// - Parameter holder: of this sleep alone, so that what an earlier one left behind is another's.
    init(appID: String, holder: UUID = UUID()) {
        query = "app=\(appID)&holder=\(holder)&seconds=\(Int(Self.length / .seconds(1)))"
    }

    func hold(on backup: PartClient) async throws {
        // Also if the answer is lost, it may be taken.
        taken.append((.hold, backup))
        try await tell(.PUT, .hold, backup)
    }

    func drain(on haproxy: PartClient) async throws {
        taken.append((.drain, haproxy))
        try await tell(.PUT, .drain, haproxy, timeout: Self.drainTimeout)
    }

    /// Renews all until cancelled. Whether each is still there, ``reports()`` tells.
    func renew() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
            await everywhere(.PATCH, [.hold, .drain])
        }
    }

    /// - Throws: when a part does not answer.
    func reports() async throws -> SleepReports {
        try await withThrowingTaskGroup(of: (String, SleepReports.Hold?, SleepReports.Drain?).self) { group in
            for (verb, part) in taken {
                group.addTask {
                    switch verb {
                    case .hold: (part.place, try await self.report(of: part, verb), nil)
                    case .drain: (part.place, nil, try await self.report(of: part, verb))
                    }
                }
            }
            var reports = SleepReports()
            for try await (place, hold, drain) in group {
                if let hold { reports.holds[place] = hold }
                if let drain { reports.drains[place] = drain }
            }
            return reports
        }
    }

    /// Drains first: what is let go then has somewhere to go. A part that does not answer lets go by itself.
    func giveBack() async {
        await everywhere(.DELETE, [.drain])
        await everywhere(.DELETE, [.hold])
    }

    private func everywhere(_ method: HTTPMethod, _ verbs: Set<Verb>) async {
        await withTaskGroup(of: Void.self) { group in
            for (verb, part) in taken where verbs.contains(verb) {
                group.addTask { try? await self.tell(method, verb, part) }
            }
        }
    }

    private nonisolated func tell(
        _ method: HTTPMethod, _ verb: Verb, _ part: PartClient, timeout: Duration = timeout
    ) async throws {
        _ = try await part.open(method, "/v1/\(verb.rawValue)?\(query)", timeout: timeout)
    }

    private nonisolated func report<Answer: Decodable>(of part: PartClient, _ verb: Verb) async throws -> Answer {
        try await part.ask(.GET, "/v1/\(verb.rawValue)?\(query)", timeout: Self.timeout)
    }
}

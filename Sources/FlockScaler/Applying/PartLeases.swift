import FlockCore
import Foundation
import NIOHTTP1

/// The leases of one sleep, or of ending some tasks: taken on one part after the other, renewed as long as it goes on,
/// given back together. When the scaler is gone they end by themselves, and the app serves.
actor PartLeases {
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
    private let tasksQuery: String
    private var taken: [(verb: Verb, part: PartClient)] = []

    /// - Parameter holder: of this attempt alone, so that what an earlier one left behind is another's.
    /// - Parameter tasks: what is drained; `nil` for all tasks of the app.
    init(appID: String, tasks: [String]? = nil, holder: UUID = UUID()) {
        query = "app=\(appID)&holder=\(holder)&seconds=\(Int(Self.length / .seconds(1)))"
        let list = tasks?.joined(separator: ",").addingPercentEncoding(withAllowedCharacters: Self.idCharacters)
        tasksQuery = list.map { "&tasks=\($0)" } ?? ""
    }

    private static let idCharacters = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "._-,"))

    func hold(on backup: PartClient) async throws {
        // Also if the answer is lost, it may be taken.
        taken.append((.hold, backup))
        try await tell(.PUT, .hold, backup)
    }

    func drain(on haproxy: PartClient) async throws {
        taken.append((.drain, haproxy))
        try await tell(.PUT, .drain, haproxy, adding: tasksQuery, timeout: Self.drainTimeout)
    }

    /// Renews all until cancelled. Whether each is still there, ``reports()`` tells.
    func renew() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
            await everywhere(.PATCH, [.hold, .drain])
        }
    }

    /// What the parts say on which something was taken.
    /// - Throws: when a part does not answer.
    func reports() async throws -> PartReports { try await reports(of: taken) }

    /// What these parts say, whether or not anything was taken on them.
    /// - Throws: when a part does not answer.
    func reports(backups: [PartClient], haproxies: [PartClient]) async throws -> PartReports {
        try await reports(of: backups.map { (.hold, $0) } + haproxies.map { (.drain, $0) })
    }

    private func reports(of asked: [(verb: Verb, part: PartClient)]) async throws -> PartReports {
        try await withThrowingTaskGroup(of: (String, PartReports.Hold?, PartReports.Drain?).self) { group in
            for (verb, part) in asked {
                group.addTask {
                    switch verb {
                    case .hold: (part.place, try await self.report(of: part, verb), nil)
                    case .drain: (part.place, nil, try await self.report(of: part, verb))
                    }
                }
            }
            var reports = PartReports()
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
        _ method: HTTPMethod, _ verb: Verb, _ part: PartClient, adding more: String = "", timeout: Duration = timeout
    ) async throws {
        _ = try await part.open(method, "/v1/\(verb.rawValue)?\(query)\(more)", timeout: timeout)
    }

    private nonisolated func report<Answer: Decodable>(of part: PartClient, _ verb: Verb) async throws -> Answer {
        try await part.ask(.GET, "/v1/\(verb.rawValue)?\(query)", timeout: Self.timeout)
    }
}

import AsyncHTTPClient
import FlockCore
import Foundation
import HAProxy
import Logging
import NIOCore
import NIOHTTP1

/// Asks every HAProxy for its statistics.
actor StatisticsPoller {
    private let http: HTTPClient
    private let logger: Logger
    /// Nodes that did not answer once, as during a start; and those that did not answer again.
    private var suspected: Set<String> = []
    private(set) var silent: Set<String> = []
    /// What the last poll took those who answered.
    private(set) var took = Duration.zero

    /// For the whole answer: it is of this moment, or of no use.
    private static let timeout = Duration.seconds(2)
    private static let mostBytes = 256 << 20

    init(http: HTTPClient, logger: Logger) {
        self.http = http
        self.logger = logger
    }

    /// BACKEND rows of every node; `nil` for one that does not answer, which is said once.
    func poll(_ sources: [URL]) async -> [String: [StatsRow]?] {
        // One that settings no longer name is not missed.
        let names = Set(sources.map(\.absoluteString))
        suspected.formIntersection(names)
        silent.formIntersection(names)
        let start = ContinuousClock.now
        took = .zero
        return await withTaskGroup(of: (String, [StatsRow]?).self) { group in
            for source in sources {
                group.addTask { [http] in (source.absoluteString, await Self.rows(of: source, http)) }
            }
            var nodes: [String: [StatsRow]?] = [:]
            for await (node, rows) in group {
                nodes[node] = .some(rows)
                if rows != nil { took = ContinuousClock.now - start }
                note(node, isThere: rows != nil)
            }
            return nodes
        }
    }

    private static func rows(of source: URL, _ http: HTTPClient) async -> [StatsRow]? {
        await withTaskGroup(of: [StatsRow]?.self) { group in
            group.addTask { try? await answer(of: source, http) }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private static func answer(of source: URL, _ http: HTTPClient) async throws -> [StatsRow]? {
        let response = try await http.execute(
            HTTPClientRequest(url: source.absoluteString), timeout: TimeAmount(timeout))
        guard response.status == .ok else { return nil }
        let body = try await response.body.collect(upTo: mostBytes)
        return try StatsCSV.rows(in: body.readableBytesUInt8Span, keeping: [.backend])
    }

    private func note(_ node: String, isThere: Bool) {
        if isThere {
            suspected.remove(node)
            if silent.remove(node) != nil { logger.info("HAProxy's statistics answer", metadata: ["node": "\(node)"]) }
        } else if !silent.contains(node), !suspected.insert(node).inserted {
            silent.insert(node)
            logger.warning(
                "HAProxy's statistics do not answer, nothing is taken away", metadata: ["node": "\(node)"])
        }
    }
}

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

    private static let timeout = TimeAmount.seconds(5)
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
        return await withTaskGroup(of: (String, [StatsRow]?).self) { group in
            for source in sources {
                group.addTask { [http] in (source.absoluteString, await Self.rows(of: source, http)) }
            }
            var nodes: [String: [StatsRow]?] = [:]
            for await (node, rows) in group {
                nodes[node] = .some(rows)
                note(node, isThere: rows != nil)
            }
            return nodes
        }
    }

    private static func rows(of source: URL, _ http: HTTPClient) async -> [StatsRow]? {
        do {
            let response = try await http.execute(
                HTTPClientRequest(url: source.absoluteString), timeout: timeout)
            guard response.status == .ok else { return nil }
            let body = try await response.body.collect(upTo: mostBytes)
            return try StatsCSV.rows(in: Array(body.readableBytesView), keeping: [.backend])
        } catch {
            return nil
        }
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

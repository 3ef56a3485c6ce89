import Foundation
import GRDB

extension HookStore {
    /// Removes deploys that ended before a moment, with their stories and releases, and deliveries that came before it.
    /// Whatever its age stays what a branch serves or a preview shows, what is to be reported, and a delivery that led to
    /// a deploy that stays.
    /// - Parameters:
    ///   - needed: deploys that stay, too.
    ///   - newest: of each branch that is deployed so many stay, too.
    ///   - limit: so many go in one transaction, for which deliveries wait.
    func forget(before moment: Date, except needed: Set<Int64>, newest: Int, limit: Int = 200) async throws {
        let moment = moment.timeIntervalSince1970
        // Nothing that has ended becomes one of those that stay.
        let old = try await database.read { db in
            try Int64.fetchAll(
                db,
                sql: """
                    SELECT id FROM deploy WHERE state IN (\(Self.final)) AND COALESCE(endedAt, createdAt) < ?1
                    AND id NOT IN (SELECT live FROM target WHERE live IS NOT NULL)
                    AND id NOT IN (SELECT deploy FROM report WHERE NOT isDone)
                    AND id NOT IN (
                        SELECT MAX(id) FROM deploy WHERE environment = 'preview' AND isRemoved = 0 AND appID IS NOT NULL
                        GROUP BY repository, ref, appID, state = 'live')
                    AND id NOT IN (
                        SELECT id FROM (
                            SELECT d.id, ROW_NUMBER() OVER (PARTITION BY d.repository, d.ref ORDER BY d.id DESC) AS place
                            FROM deploy d JOIN target t ON t.repository = d.repository AND t.ref = d.ref)
                        WHERE place <= ?2)
                    AND NOT EXISTS (
                        SELECT 1 FROM delivery_change c JOIN delivery y ON y.number = c.delivery
                        WHERE c.deploy = deploy.id AND y.receivedAt >= ?1)
                    ORDER BY id
                    """, arguments: [moment, newest]
            ).filter { !needed.contains($0) }
        }
        for start in stride(from: 0, to: old.count, by: limit) {
            try await remove(old[start..<min(start + limit, old.count)])
        }
        var removed = limit
        while removed == limit {
            removed = try await database.write { db in
                try db.execute(
                    sql: """
                        DELETE FROM delivery WHERE number IN (
                            SELECT number FROM delivery WHERE receivedAt < ?1
                            AND NOT EXISTS (SELECT 1 FROM delivery_change WHERE delivery = number) LIMIT ?2)
                        """, arguments: [moment, limit])
                return db.changesCount
            }
        }
        try await database.write { db in
            try db.execute(sql: "DELETE FROM pull_request WHERE receivedAt < ?", arguments: [moment])
        }
    }

    /// Removes deploys, after what refers to them.
    private func remove(_ deploys: ArraySlice<Int64>) async throws {
        let list = String(decoding: try JSONEncoder().encode(Array(deploys)), as: UTF8.self)
        try await database.write { db in
            for (table, column) in [
                ("delivery_change", "deploy"), ("deploy_event", "deploy"), ("report", "deploy"), ("release", "deploy"),
                ("deploy", "id"),
            ] {
                try db.execute(
                    sql: "DELETE FROM \"\(table)\" WHERE \(column) IN (SELECT value FROM json_each(?))",
                    arguments: [list])
            }
        }
    }

    /// Whether there was a deploy of this number, which may have been removed since.
    func hasBeen(_ id: Int64) async throws -> Bool {
        try await database.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'deploy' AND seq >= ?1 AND ?1 > 0)",
                arguments: [id]) ?? false
        }
    }
}

import FlockCore
import Foundation
import GRDB

extension HookStore {
    static func migrateNames(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE name_claim RENAME TO old_claim;
                CREATE TABLE name_claim (
                    slug TEXT PRIMARY KEY,
                    -- NULL since it was released. The row stays, since the numbers of releases only grow.
                    repository TEXT, claimedAt REAL, releases INTEGER NOT NULL DEFAULT 0);
                INSERT INTO name_claim (slug, repository, claimedAt, releases)
                    SELECT slug, repository, (
                        SELECT MIN(createdAt) FROM deploy d WHERE d.slug = o.slug AND d.repository = o.repository
                    ), releases FROM old_claim o;
                DROP TABLE old_claim;
                """)
    }

    /// Gives the name to the repository, unless another has it.
    /// - Returns: the repository that owns the name now.
    func claim(_ slug: Slug, for repository: String, at date: Date = Date()) async throws -> String {
        try await database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO name_claim (slug, repository, claimedAt) VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET repository = excluded.repository, claimedAt = excluded.claimedAt
                    WHERE repository IS NULL
                    """, arguments: [slug.text, repository, date.timeIntervalSince1970])
            return try Self.claim(db, slug)?.repository ?? ""
        }
    }

    /// By name.
    func claims() async throws -> [NameClaim] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM name_claim WHERE repository IS NOT NULL ORDER BY slug")
                .map(Self.claim)
        }
    }

    /// Takes a name from its repository: the next one that pushes it has it.
    /// - Returns: the claim as it was.
    /// - Throws: ``ReleaseRefusal``.
    func releaseName(_ slug: Slug) async throws -> NameClaim {
        try await database.write { db in
            guard let claim = try Self.claim(db, slug) else {
                throw ReleaseRefusal(
                    .nameUnknown, "no repository has the name \"\(slug)\"; \"flock names\" lists those that are claimed"
                )
            }
            let deploy = try Int64.fetchOne(
                db, sql: "SELECT MIN(id) FROM deploy WHERE slug = ? AND state NOT IN (\(Self.final))",
                arguments: [slug.text])
            if let deploy {
                throw ReleaseRefusal(
                    .nameBusy, "deploy \(deploy) of \(slug) is under way; wait for its end, or cancel it")
            }
            try db.execute(sql: "UPDATE name_claim SET repository = NULL WHERE slug = ?", arguments: [slug.text])
            return claim
        }
    }

    private static func claim(_ db: Database, _ slug: Slug) throws -> NameClaim? {
        try Row.fetchOne(
            db, sql: "SELECT * FROM name_claim WHERE slug = ? AND repository IS NOT NULL", arguments: [slug.text]
        ).map(claim)
    }

    private static func claim(_ row: Row) -> NameClaim {
        let since: Double? = row["claimedAt"]
        return NameClaim(
            name: row["slug"], repository: row["repository"], since: since.map(Date.init(timeIntervalSince1970:)))
    }
}

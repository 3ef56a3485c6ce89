import FlockCore
import Foundation
import GRDB
import Marathon

extension HookStore {
    /// What a deploy made of its commit: enough to have it again without the repository.
    struct Build: Sendable, Hashable {
        /// The code, in the folder of artifacts; `nil` where an image has it.
        var artifact: String?
        /// Under production's name, for a preview too.
        var definition: AppDefinition
    }

    static func addReleases(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE deploy ADD COLUMN artifact TEXT;
                ALTER TABLE deploy ADD COLUMN definition TEXT;
                ALTER TABLE deploy ADD COLUMN former TEXT;
                ALTER TABLE "release" ADD COLUMN cause TEXT NOT NULL DEFAULT 'deploy';
                ALTER TABLE "release" ADD COLUMN source INTEGER;
                ALTER TABLE "release" ADD COLUMN liveAt REAL;
                UPDATE "release" SET liveAt = at;
                """)
    }

    static func addUnfinishedReleases(_ db: Database) throws {
        // Those of before that visitors never got are over, however they ended.
        try db.execute(
            sql: """
                ALTER TABLE "release" ADD COLUMN former TEXT;
                ALTER TABLE "release" ADD COLUMN code TEXT;
                ALTER TABLE "release" ADD COLUMN failure TEXT;
                UPDATE "release" SET code = 'interrupted', failure = 'it did not come to its end'
                WHERE liveAt IS NULL AND cause <> 'deploy';
                """)
    }

    // MARK: What was deployed

    func keep(_ build: Build, of deploy: Int64) async throws {
        let definition = try Self.text(build.definition)
        try await database.write { db in
            try db.execute(
                sql: "UPDATE deploy SET artifact = ?, definition = ? WHERE id = ?",
                arguments: [build.artifact, definition, deploy])
        }
    }

    func build(of deploy: Int64) async throws -> Build? {
        try await database.read { db in
            guard
                let row = try Row.fetchOne(
                    db, sql: "SELECT artifact, definition FROM deploy WHERE id = ?", arguments: [deploy]),
                let text = row["definition"] as String?
            else { return nil }
            return Build(artifact: row["artifact"], definition: try Self.definition(text))
        }
    }

    /// Keeps what was there before a deploy: what the first attempt found, since a later one finds its own.
    /// - Returns: what is kept; `nil` when there was nothing.
    func keepFormer(_ definition: AppDefinition?, of deploy: Int64) async throws -> AppDefinition? {
        let text = try definition.map(Self.text) ?? ""
        let kept = try await database.write { db in
            try db.execute(
                sql: "UPDATE deploy SET former = COALESCE(former, ?) WHERE id = ?", arguments: [text, deploy])
            return try String.fetchOne(db, sql: "SELECT former FROM deploy WHERE id = ?", arguments: [deploy]) ?? ""
        }
        return kept.isEmpty ? nil : try Self.definition(kept)
    }

    /// The newest live deploy of every preview.
    func livePreviews() async throws -> [DeployRecord] {
        try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM deploy WHERE id IN (
                        SELECT MAX(id) FROM deploy WHERE environment = 'preview' AND state = 'live' AND isRemoved = 0 GROUP BY appID)
                    ORDER BY id DESC
                    """
            ).compactMap(Self.record)
        }
    }

    // MARK: Releases

    /// Takes the next number and notes what is to be done, before it is.
    func beginRelease(_ release: Release, of slug: Slug) async throws -> Int {
        try await database.write { db in
            try db.execute(sql: "UPDATE name_claim SET releases = releases + 1 WHERE slug = ?", arguments: [slug.text])
            guard
                let number = try Int.fetchOne(
                    db, sql: "SELECT releases FROM name_claim WHERE slug = ?", arguments: [slug.text])
            else { throw DatabaseError(message: "nobody has claimed the name \(slug)") }
            try Self.insert(db, release, number)
            return number
        }
    }

    /// A deploy's release, under the number that it has reserved.
    func recordRelease(_ number: Int, slug: Slug, appID: String, deploy: Int64) async throws {
        try await database.write { db in
            try Self.insert(
                db, Release(slug: slug.text, number: number, appID: appID, deploy: deploy, cause: .deploy, at: Date()),
                number)
        }
    }

    private static func insert(_ db: Database, _ release: Release, _ number: Int) throws {
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO "release" (slug, number, appID, deploy, at, cause, source)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                release.slug, number, release.appID, release.deploy, Date().timeIntervalSince1970,
                release.cause.rawValue, release.source,
            ])
    }

    /// Notes that visitors have been sent there.
    func setLive(_ number: Int, of slug: Slug) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    UPDATE "release" SET liveAt = ?, code = NULL, failure = NULL
                    WHERE slug = ? AND number = ? AND liveAt IS NULL
                    """,
                arguments: [Date().timeIntervalSince1970, slug.text, number])
        }
    }

    /// Notes that it was not made, and why.
    func endRelease(_ release: Release, code: String, _ failure: String) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    UPDATE "release" SET code = ?, failure = ? WHERE slug = ? AND number = ? AND liveAt IS NULL
                    """, arguments: [code, failure, release.slug, release.number])
        }
    }

    /// Keeps what was there before a release that puts its app: what the first attempt found.
    /// - Returns: what is kept; `nil` when there was nothing.
    func keepFormer(_ definition: AppDefinition?, of release: Release) async throws -> AppDefinition? {
        let text = try definition.map(Self.text) ?? ""
        let kept = try await database.write { db in
            try String.fetchOne(
                db,
                sql: """
                    UPDATE "release" SET former = COALESCE(former, ?) WHERE slug = ? AND number = ? RETURNING former
                    """, arguments: [text, release.slug, release.number]) ?? ""
        }
        return kept.isEmpty ? nil : try Self.definition(kept)
    }

    /// Those that were live, newest first.
    func releases(of slug: Slug) async throws -> [Release] {
        try await releases("r.slug = ? AND r.liveAt IS NOT NULL", [slug.text])
    }

    /// Those that were live, are under way or failed, newest first. How a deploy that became none went, its story tells.
    func allReleases(of slug: Slug) async throws -> [Release] {
        try await releases("r.slug = ? AND (r.liveAt IS NOT NULL OR r.cause <> 'deploy')", [slug.text])
    }

    /// Rollbacks and promotions that have no end yet.
    func unfinishedReleases() async throws -> [Release] {
        try await releases("r.liveAt IS NULL AND r.code IS NULL AND r.cause <> 'deploy'", [])
    }

    private func releases(_ condition: String, _ arguments: StatementArguments) async throws -> [Release] {
        try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT r.*, d.version, d."commit", d.ref FROM "release" r LEFT JOIN deploy d ON d.id = r.deploy
                    WHERE \(condition) ORDER BY r.number DESC
                    """, arguments: arguments
            ).compactMap(Self.release)
        }
    }

    private static func release(_ row: Row) -> Release? {
        guard let cause = Release.Cause(rawValue: row["cause"]) else { return nil }
        let ref = row["ref"] as String?
        var release = Release(
            slug: row["slug"], number: row["number"], appID: row["appID"], deploy: row["deploy"],
            version: row["version"], commit: row["commit"],
            branch: ref.map { $0.hasPrefix("refs/heads/") ? String($0.dropFirst(11)) : $0 }, cause: cause,
            source: row["source"], at: Date(timeIntervalSince1970: row["at"]))
        guard (row["liveAt"] as Double?) == nil else { return release }
        (release.code, release.failure) = (row["code"], row["failure"])
        release.standing = release.code == nil ? .pending : .failed
        return release
    }

    private static func text(_ definition: AppDefinition) throws -> String {
        String(decoding: try JSONEncoder().encode(definition), as: UTF8.self)
    }

    private static func definition(_ text: String) throws -> AppDefinition {
        try JSONDecoder().decode(AppDefinition.self, from: Data(text.utf8))
    }
}

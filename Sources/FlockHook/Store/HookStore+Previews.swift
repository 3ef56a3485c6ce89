import FlockCore
import Foundation
import GRDB

extension HookStore {
    static func addPreviews(_ db: Database) throws {
        // Whether the app of a preview was removed with its branch.
        try db.execute(sql: "ALTER TABLE deploy ADD COLUMN isRemoved INTEGER NOT NULL DEFAULT 0")
    }

    static func addPullRequests(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE pull_request (
                    repository TEXT NOT NULL, number INTEGER NOT NULL,
                    -- By the forge's clock, the newest that is known.
                    updatedAt REAL NOT NULL, isClosed INTEGER NOT NULL,
                    -- By our clock.
                    receivedAt REAL NOT NULL, PRIMARY KEY (repository, number));
                """)
    }

    static func addPullRequestBranches(_ db: Database) throws {
        try db.execute(sql: "ALTER TABLE pull_request ADD COLUMN branch TEXT")
    }

    /// Notes what a pull request has become, unless something newer is known: deliveries come in no particular order,
    /// and are sent again by hand.
    /// - Returns: why that changes nothing: it comes too late, or the branch has another one that is open.
    static func note(
        _ db: Database, _ pull: PullRequest, repository: String, receivedAt: Date
    ) throws -> Reason? {
        let (moment, isClosed) = ((pull.updatedAt ?? receivedAt).timeIntervalSince1970, pull.event == .closed)
        let known = try Row.fetchOne(
            db, sql: "SELECT updatedAt, isClosed FROM pull_request WHERE repository = ? AND number = ?",
            arguments: [repository, pull.number])
        if let known {
            let (last, wasClosed): (Double, Bool) = (known["updatedAt"], known["isClosed"])
            // Some clocks count whole seconds.
            if moment < last || moment == last && wasClosed && !isClosed {
                return .outdated(pull, sinceClosed: wasClosed)
            }
        }
        try db.execute(
            sql: """
                INSERT OR REPLACE INTO pull_request (repository, number, branch, updatedAt, isClosed, receivedAt)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [repository, pull.number, pull.branch, moment, isClosed, receivedAt.timeIntervalSince1970])
        guard isClosed else { return nil }
        let other = try Int64.fetchOne(
            db, sql: "SELECT MIN(number) FROM pull_request WHERE repository = ? AND branch = ? AND NOT isClosed",
            arguments: [repository, pull.branch])
        return other.map { .closed(pull, whileOpen: $0) }
    }

    /// The ids of the apps that a branch was previewed as. There are several where package.json changed its name.
    func previews(of repository: String, _ branch: String) async throws -> [String] {
        try await database.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT appID FROM deploy WHERE repository = ? AND ref = ? AND environment = 'preview'
                    AND appID IS NOT NULL AND isRemoved = 0 ORDER BY appID
                    """, arguments: [repository, "refs/heads/\(branch)"])
        }
    }

    /// Whether a branch was deleted, or its pull request closed, and not pushed again since.
    func isGone(_ repository: String, _ branch: String) async throws -> Bool {
        try await database.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT gone FROM target WHERE repository = ? AND ref = ?",
                arguments: [repository, "refs/heads/\(branch)"]) ?? true
        }
    }

    /// Notes that a preview's app is gone.
    func forgetPreview(_ id: String, of repository: String) async throws {
        try await database.write { db in
            try db.execute(
                sql: "UPDATE deploy SET isRemoved = 1 WHERE repository = ? AND appID = ? AND environment = 'preview'",
                arguments: [repository, id])
        }
    }

    /// Every name that was claimed.
    func slugs() async throws -> [Slug] {
        try await database.read { db in
            try String.fetchAll(db, sql: "SELECT slug FROM name_claim ORDER BY slug").compactMap(Slug.init)
        }
    }

    /// The archives of these deploys.
    func artifacts(of deploys: Set<Int64>) async throws -> Set<String> {
        try await database.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT id, artifact FROM deploy WHERE artifact IS NOT NULL")
            return Set(rows.filter { deploys.contains($0["id"]) }.compactMap { $0["artifact"] })
        }
    }
}

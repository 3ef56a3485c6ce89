import GRDB

extension HookStore {
    /// A branch that is deployed, or was.
    struct Target: Sendable, Hashable {
        var repository: String
        var branch: String
        /// The commit that was dealt with last.
        var handled: String?
        /// Whether it was deleted, or its pull request was closed, and nobody has tidied up after it yet.
        var isGone: Bool
    }

    func targets() async throws -> [Target] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM target ORDER BY repository, ref").map { row in
                Target(
                    repository: row["repository"], branch: String((row["ref"] as String).dropFirst(11)),
                    handled: row["handled"], isGone: row["gone"])
            }
        }
    }

    /// A branch is not there any more, though no delivery told of it.
    /// - Returns: false where one of its pushes is still worked on: it may be newer than what was looked at.
    @discardableResult
    func lost(_ target: Target) async throws -> Bool {
        try await database.write { db in
            try db.execute(
                sql: """
                    UPDATE target SET gone = 1, handled = NULL, live = NULL
                    WHERE repository = ?1 AND ref = ?2 AND NOT EXISTS (
                        SELECT 1 FROM deploy WHERE repository = ?1 AND ref = ?2 AND state NOT IN (\(Self.final)))
                    """, arguments: [target.repository, "refs/heads/\(target.branch)"])
            return db.changesCount == 1
        }
    }

    /// Forgets a branch that is gone, once what was kept for it is gone, too.
    func forget(_ target: Target) async throws {
        try await database.write { db in
            try db.execute(
                sql: "DELETE FROM target WHERE repository = ? AND ref = ? AND gone = 1",
                arguments: [target.repository, "refs/heads/\(target.branch)"])
            guard db.changesCount == 1 else { return }
            // Forges close what was to merge it, and may not have been heard.
            try db.execute(
                sql: "UPDATE pull_request SET isClosed = 1 WHERE repository = ? AND branch = ?",
                arguments: [target.repository, target.branch])
        }
    }

    /// The deploy that a branch serves, unless the branch has gone since.
    func live(_ repository: String, _ ref: String) async throws -> DeployRecord? {
        try await database.read { try Self.live($0, repository, ref) }
    }

    static func live(_ db: Database, _ repository: String, _ ref: String) throws -> DeployRecord? {
        try Row.fetchOne(
            db,
            sql: "SELECT * FROM deploy WHERE id = (SELECT live FROM target WHERE repository = ? AND ref = ?)",
            arguments: [repository, ref]
        ).flatMap(record)
    }
}

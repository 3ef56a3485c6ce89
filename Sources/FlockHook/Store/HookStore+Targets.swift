import GRDB

extension HookStore {
    /// A branch that is deployed, or was.
    struct Target: Sendable, Hashable {
        var repository: String
        var branch: String
        /// The commit that was dealt with last.
        var handled: String?
    }

    func targets() async throws -> [Target] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM target ORDER BY repository, ref").map { row in
                Target(
                    repository: row["repository"], branch: String((row["ref"] as String).dropFirst(11)),
                    handled: row["handled"])
            }
        }
    }

    /// A branch is not there any more.
    func lost(_ target: Target) async throws {
        try await database.write { db in
            try db.execute(
                sql: "UPDATE target SET gone = 1, handled = NULL, live = NULL WHERE repository = ? AND ref = ?",
                arguments: [target.repository, "refs/heads/\(target.branch)"])
        }
    }

    /// Forgets a branch that is gone, once what was kept for it is gone, too.
    func forget(_ target: Target) async throws {
        try await database.write { db in
            try db.execute(
                sql: "DELETE FROM target WHERE repository = ? AND ref = ? AND gone = 1",
                arguments: [target.repository, "refs/heads/\(target.branch)"])
        }
    }
}

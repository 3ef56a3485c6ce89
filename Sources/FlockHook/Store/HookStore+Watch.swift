import GRDB

extension HookStore {
    /// The last deploy of a branch that went live, and its commit.
    func lastLive(of repository: String, ref: String) async throws -> (deploy: Int64, commit: String)? {
        try await database.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT id, "commit" FROM deploy WHERE repository = ? AND ref = ? AND state = 'live' AND isRemoved = 0
                    ORDER BY id DESC LIMIT 1
                    """, arguments: [repository, ref]
            ).map { ($0["id"], $0["commit"]) }
        }
    }
}

import FlockCore
import Foundation
import GRDB

/// Deliveries, deploys with their stories, releases, and who owns which name, in SQLite.
struct HookStore: Sendable {
    let database: DatabasePool

    init(folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        database = try DatabasePool(path: "\(folder)/hook.db")
        // A pool begins with NORMAL, which may lose the last commits with the power.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(
                sql: """
                    CREATE TABLE deploy (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, repository TEXT NOT NULL, ref TEXT NOT NULL,
                        "commit" TEXT NOT NULL, environment TEXT, state TEXT NOT NULL, code TEXT, reason TEXT,
                        appID TEXT, slug TEXT, version TEXT, "release" INTEGER, url TEXT,
                        attempts INTEGER NOT NULL DEFAULT 0, createdAt REAL NOT NULL, endedAt REAL);
                    CREATE INDEX deploy_unfinished ON deploy (state);
                    CREATE TABLE delivery (
                        id TEXT PRIMARY KEY, deploy INTEGER NOT NULL REFERENCES deploy (id), receivedAt REAL NOT NULL);
                    CREATE TABLE deploy_event (
                        deploy INTEGER NOT NULL REFERENCES deploy (id), sequence INTEGER NOT NULL, at REAL NOT NULL,
                        state TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (deploy, sequence));
                    CREATE TABLE name_claim (
                        slug TEXT PRIMARY KEY, repository TEXT NOT NULL, releases INTEGER NOT NULL DEFAULT 0);
                    CREATE TABLE "release" (
                        slug TEXT NOT NULL, number INTEGER NOT NULL, appID TEXT NOT NULL, deploy INTEGER NOT NULL,
                        at REAL NOT NULL, PRIMARY KEY (slug, number));
                    """)
        }
        migrator.registerMigration("releases", migrate: Self.addReleases)
        try migrator.migrate(database)
    }

    // MARK: Deliveries

    struct Receipt: Sendable {
        var deploy: DeployRecord
        var isDuplicate: Bool
    }

    /// Stores a delivery and what it leads to, in one transaction. The same delivery again gives the same deploy.
    /// A deploy of the same branch that has not begun is superseded: the newest push wins.
    func receive(
        delivery: String, repository: String, ref: String, commit: String, verdict: DeliveryVerdict, at date: Date
    ) async throws -> Receipt {
        try await database.write { db in
            let known = try Int64.fetchOne(db, sql: "SELECT deploy FROM delivery WHERE id = ?", arguments: [delivery])
            if let known, let deploy = try Self.deploy(db, known) { return Receipt(deploy: deploy, isDuplicate: true) }
            var (state, code, reason, environment): (DeployRecord.State, String?, String?, String?) = (
                .queued, nil, nil, nil
            )
            switch verdict {
            case .deploy(_, let target): environment = target.rawValue
            case .ignore(let why, let words): (state, code, reason) = (.ignored, why, words)
            }
            try db.execute(
                sql: """
                    INSERT INTO deploy (repository, ref, "commit", environment, state, code, reason, createdAt, endedAt)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    repository, ref, commit, environment, state.rawValue, code, reason, date.timeIntervalSince1970,
                    state.isFinal ? date.timeIntervalSince1970 : nil,
                ])
            let id = db.lastInsertedRowID
            try db.execute(
                sql: "INSERT INTO delivery (id, deploy, receivedAt) VALUES (?, ?, ?)",
                arguments: [delivery, id, date.timeIntervalSince1970])
            try Self.append(db, id, state, reason ?? "received", at: date)
            if state == .queued {
                let older = try Int64.fetchAll(
                    db, sql: "SELECT id FROM deploy WHERE repository = ? AND ref = ? AND state = 'queued' AND id < ?",
                    arguments: [repository, ref, id])
                for old in older {
                    try Self.finish(db, old, .superseded, code: "superseded", reason: "deploy \(id) is newer", at: date)
                }
            }
            guard let deploy = try Self.deploy(db, id) else {
                throw DatabaseError(message: "deploy \(id) is not there")
            }
            return Receipt(deploy: deploy, isDuplicate: false)
        }
    }

    // MARK: Deploys

    func deploy(_ id: Int64) async throws -> DeployRecord? {
        try await database.read { try Self.deploy($0, id) }
    }

    /// The commit that was last pushed to a branch, as far as is known here.
    func lastCommit(of repository: String, ref: String) async throws -> String? {
        try await database.read { db in
            try String.fetchOne(
                db, sql: #"SELECT "commit" FROM deploy WHERE repository = ? AND ref = ? ORDER BY id DESC LIMIT 1"#,
                arguments: [repository, ref])
        }
    }

    /// Newest first.
    func deploys(limit: Int) async throws -> [DeployRecord] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM deploy ORDER BY id DESC LIMIT ?", arguments: [limit]).compactMap(
                Self.record)
        }
    }

    /// Not yet at an end, oldest first.
    func unfinished() async throws -> [DeployRecord] {
        let final = DeployRecord.State.allCases.filter(\.isFinal).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM deploy WHERE state NOT IN (\(final)) ORDER BY id").compactMap(
                Self.record)
        }
    }

    func events(of id: Int64, after sequence: Int) async throws -> [DeployEvent] {
        try await database.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM deploy_event WHERE deploy = ? AND sequence > ? ORDER BY sequence",
                arguments: [id, sequence]
            ).compactMap { row in
                DeployRecord.State(rawValue: row["state"]).map {
                    DeployEvent(
                        deploy: row["deploy"], sequence: row["sequence"],
                        at: Date(timeIntervalSince1970: row["at"]), state: $0, text: row["text"])
                }
            }
        }
    }

    /// Moves a deploy on and tells why.
    func advance(_ id: Int64, to state: DeployRecord.State, _ text: String, at date: Date = Date()) async throws {
        try await database.write { db in
            try db.execute(sql: "UPDATE deploy SET state = ? WHERE id = ?", arguments: [state.rawValue, id])
            try Self.append(db, id, state, text, at: date)
        }
    }

    func finish(_ id: Int64, _ state: DeployRecord.State, code: String? = nil, reason: String, at date: Date = Date())
        async throws
    {
        try await database.write { try Self.finish($0, id, state, code: code, reason: reason, at: date) }
    }

    func begin(_ id: Int64) async throws {
        try await database.write {
            try $0.execute(sql: "UPDATE deploy SET attempts = attempts + 1 WHERE id = ?", arguments: [id])
        }
    }

    /// What became known about a deploy on its way.
    func note(_ id: Int64, commit: String, appID: String, slug: Slug, version: String, url: String) async throws {
        try await database.write { db in
            try db.execute(
                sql: #"UPDATE deploy SET "commit" = ?, appID = ?, slug = ?, version = ?, url = ? WHERE id = ?"#,
                arguments: [commit, appID, slug.text, version, url, id])
        }
    }

    // MARK: Names and releases

    /// Gives the name to the repository, unless another has it.
    /// - Returns: the repository that owns the name now.
    func claim(_ slug: Slug, for repository: String) async throws -> String {
        try await database.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO name_claim (slug, repository) VALUES (?, ?)",
                arguments: [slug.text, repository])
            return try String.fetchOne(
                db, sql: "SELECT repository FROM name_claim WHERE slug = ?", arguments: [slug.text]) ?? ""
        }
    }

    /// The number of the release that a deploy is to become: the same one each time it is asked for.
    func reserveRelease(for deploy: Int64, slug: Slug) async throws -> Int {
        try await database.write { db in
            if let number = try Int.fetchOne(
                db, sql: #"SELECT "release" FROM deploy WHERE id = ?"#, arguments: [deploy])
            {
                return number
            }
            try db.execute(sql: "UPDATE name_claim SET releases = releases + 1 WHERE slug = ?", arguments: [slug.text])
            let number =
                try Int.fetchOne(db, sql: "SELECT releases FROM name_claim WHERE slug = ?", arguments: [slug.text]) ?? 1
            try db.execute(sql: #"UPDATE deploy SET "release" = ? WHERE id = ?"#, arguments: [number, deploy])
            return number
        }
    }

    // MARK: Rows

    private static func finish(
        _ db: Database, _ id: Int64, _ state: DeployRecord.State, code: String?, reason: String, at date: Date
    ) throws {
        try db.execute(
            sql: "UPDATE deploy SET state = ?, code = ?, reason = ?, endedAt = ? WHERE id = ?",
            arguments: [state.rawValue, code, reason, date.timeIntervalSince1970, id])
        try append(db, id, state, reason, at: date)
    }

    private static func append(_ db: Database, _ id: Int64, _ state: DeployRecord.State, _ text: String, at date: Date)
        throws
    {
        try db.execute(
            sql: """
                INSERT INTO deploy_event (deploy, sequence, at, state, text)
                VALUES (?1, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM deploy_event WHERE deploy = ?1), ?2, ?3, ?4)
                """, arguments: [id, date.timeIntervalSince1970, state.rawValue, text])
    }

    private static func deploy(_ db: Database, _ id: Int64) throws -> DeployRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM deploy WHERE id = ?", arguments: [id]).flatMap(record)
    }

    static func record(_ row: Row) -> DeployRecord? {
        guard let state = DeployRecord.State(rawValue: row["state"]) else { return nil }
        let ended: Double? = row["endedAt"]
        return DeployRecord(
            id: row["id"], repository: row["repository"], ref: row["ref"], commit: row["commit"],
            environment: row["environment"], state: state, code: row["code"], reason: row["reason"],
            appID: row["appID"],
            slug: row["slug"], version: row["version"], release: row["release"], url: row["url"],
            attempts: row["attempts"],
            createdAt: Date(timeIntervalSince1970: row["createdAt"]),
            endedAt: ended.map(Date.init(timeIntervalSince1970:)))
    }
}

import FlockCore
import Foundation
import GRDB

/// A deploy that has ended is not moved on: it was cancelled, or superseded.
struct DeployEnded: Error, Sendable {}

extension HookStore {
    // MARK: Reading

    func deploy(_ id: Int64) async throws -> DeployRecord? {
        try await database.read { try Self.deploy($0, id) }
    }

    /// Newest first.
    /// - Parameters:
    ///   - slug: of this app only. A deploy whose package.json was not read has no name yet: it counts to the app that
    ///     its branch was last deployed as.
    ///   - state: in this state only.
    func deploys(limit: Int, slug: String? = nil, state: DeployRecord.State? = nil) async throws -> [DeployRecord] {
        try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM deploy WHERE (?2 IS NULL OR state = ?2)
                    AND (?1 IS NULL OR slug = ?1 OR slug IS NULL AND (repository, ref) IN (
                        SELECT repository, ref FROM (
                            SELECT repository, ref, slug, MAX(id) FROM deploy WHERE slug IS NOT NULL
                            GROUP BY repository, ref)
                        WHERE slug = ?1))
                    ORDER BY id DESC LIMIT ?3
                    """, arguments: [slug, state?.rawValue, limit]
            ).compactMap(Self.record)
        }
    }

    /// Not yet at an end, oldest first.
    func unfinished() async throws -> [DeployRecord] {
        try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM deploy WHERE state NOT IN (\(Self.final)) ORDER BY id")
                .compactMap(Self.record)
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

    // MARK: Moving on

    /// Begins a deploy: one attempt more.
    /// - Throws: ``DeployEnded``.
    func begin(_ id: Int64, _ text: String, at date: Date = Date()) async throws {
        try await database.write { db in
            try Self.move(db, id, to: .resolving, text, at: date)
            try db.execute(sql: "UPDATE deploy SET attempts = attempts + 1 WHERE id = ?", arguments: [id])
        }
    }

    /// Moves a deploy on and tells why.
    /// - Throws: ``DeployEnded``.
    func advance(_ id: Int64, to state: DeployRecord.State, _ text: String, at date: Date = Date()) async throws {
        try await database.write { try Self.move($0, id, to: state, text, at: date) }
    }

    func finish(_ id: Int64, _ state: DeployRecord.State, code: String? = nil, reason: String, at date: Date = Date())
        async throws
    {
        try await database.write { try Self.finish($0, id, state, code: code, reason: reason, at: date) }
    }

    func finish(_ id: Int64, _ state: DeployRecord.State, _ reason: Reason, at date: Date = Date()) async throws {
        try await database.write { try Self.finish($0, id, state, reason, at: date) }
    }

    /// Says which commit a deploy is about: the end of its branch now.
    /// - Returns: whether it is to be deployed; else the deploy has ended, since that commit is live.
    /// - Throws: ``DeployEnded``.
    func resolve(_ id: Int64, tip: String, at date: Date = Date()) async throws -> Bool {
        try await database.write { db in
            guard let deploy = try Self.deploy(db, id), !deploy.state.isFinal else { throw DeployEnded() }
            try Self.handle(db, id, tip)
            if let live = try Self.live(db, deploy.repository, deploy.ref), live.commit == tip {
                let why = Reason.alreadyDeployed(tip, by: live.id, pushed: deploy.commit)
                try Self.finish(db, id, .superseded, why, at: date)
                return false
            }
            if deploy.commit != tip {
                try db.execute(sql: #"UPDATE deploy SET "commit" = ? WHERE id = ?"#, arguments: [tip, id])
                // It may have been abbreviated.
                if !tip.hasPrefix(deploy.commit) {
                    try Self.append(db, id, .resolving, "the branch has moved on to \(tip.prefix(7))", at: date)
                }
            }
            return true
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

    /// Ends a deploy that Marathon does not have yet.
    /// - Returns: the deploy as it was, `nil` when there is none. It is cancelled unless it had ended or was submitted.
    func cancel(_ id: Int64, at date: Date = Date()) async throws -> DeployRecord? {
        try await database.write { db in
            guard let deploy = try Self.deploy(db, id) else { return nil }
            if deploy.state.isCancellable {
                try Self.handle(db, id, deploy.commit)
                try Self.finish(db, id, .cancelled, .cancelled, at: date)
            }
            return deploy
        }
    }

    // MARK: After a restart

    /// Attempts that may be interrupted.
    static let attemptLimit = 3

    /// Puts back into the queue what an earlier process was preparing when it ended. What Marathon may have already
    /// stays where it is.
    func recover(at date: Date = Date()) async throws {
        try await database.write { db in
            let states = DeployRecord.State.allCases.filter(\.isPreparing).map { "'\($0.rawValue)'" }
            let interrupted = try Row.fetchAll(
                db, sql: "SELECT * FROM deploy WHERE state IN (\(states.joined(separator: ", "))) ORDER BY id"
            ).compactMap(Self.record)
            for deploy in interrupted { try Self.requeue(db, deploy, "flock-hook ended; it starts again", at: date) }
        }
    }

    /// Puts a deploy back into the queue, unless a newer one waits there, or it was tried too often.
    func requeue(_ id: Int64, _ text: String, at date: Date = Date()) async throws {
        try await database.write { db in
            guard let deploy = try Self.deploy(db, id), !deploy.state.isFinal else { return }
            try Self.requeue(db, deploy, text, at: date)
        }
    }

    private static func requeue(_ db: Database, _ deploy: DeployRecord, _ text: String, at date: Date) throws {
        let newest = try Int64.fetchOne(
            db, sql: "SELECT MAX(id) FROM deploy WHERE repository = ? AND ref = ? AND state = 'queued'",
            arguments: [deploy.repository, deploy.ref])
        if let newest, newest > deploy.id {
            try finish(db, deploy.id, .superseded, .superseded(by: newest), at: date)
        } else if deploy.attempts >= attemptLimit {
            try finish(db, deploy.id, .failed, .interrupted(deploy.attempts), at: date)
        } else {
            try move(db, deploy.id, to: .queued, text, at: date)
        }
    }

    // MARK: Rows

    static let final = DeployRecord.State.allCases.filter(\.isFinal).map { "'\($0.rawValue)'" }.joined(separator: ", ")

    /// The commit is dealt with: nobody looks for it again.
    static func handle(_ db: Database, _ id: Int64, _ commit: String) throws {
        try db.execute(
            sql: """
                INSERT INTO target (repository, ref, handled) SELECT repository, ref, ?2 FROM deploy WHERE id = ?1
                ON CONFLICT DO UPDATE SET handled = excluded.handled
                """, arguments: [id, commit])
    }

    static func move(_ db: Database, _ id: Int64, to state: DeployRecord.State, _ text: String, at date: Date) throws {
        try db.execute(
            sql: "UPDATE deploy SET state = ? WHERE id = ? AND state NOT IN (\(final))",
            arguments: [state.rawValue, id])
        guard db.changesCount == 1 else { throw DeployEnded() }
        try append(db, id, state, text, at: date)
    }

    static func finish(
        _ db: Database, _ id: Int64, _ state: DeployRecord.State, _ reason: Reason, at date: Date
    ) throws {
        try finish(db, id, state, code: reason.code.rawValue, reason: reason.words, at: date)
    }

    private static func finish(
        _ db: Database, _ id: Int64, _ state: DeployRecord.State, code: String?, reason: String, at date: Date
    ) throws {
        try db.execute(
            sql:
                """
                UPDATE deploy SET state = ?1, code = ?2, reason = ?3, endedAt = ?4, isRemoved = isRemoved AND ?1 <> 'live'
                WHERE id = ?5 AND state NOT IN (\(final))
                """, arguments: [state.rawValue, code, reason, date.timeIntervalSince1970, id])
        guard db.changesCount == 1 else { return }
        try append(db, id, state, reason, at: date)
        if state == .live {
            try db.execute(
                sql: """
                    UPDATE target SET live = ?1 WHERE (repository, ref) = (SELECT repository, ref FROM deploy WHERE id = ?1)
                    """, arguments: [id])
        }
    }

    static func append(_ db: Database, _ id: Int64, _ state: DeployRecord.State, _ text: String, at date: Date) throws {
        try db.execute(
            sql: """
                INSERT INTO deploy_event (deploy, sequence, at, state, text)
                VALUES (?1, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM deploy_event WHERE deploy = ?1), ?2, ?3, ?4)
                """, arguments: [id, date.timeIntervalSince1970, state.rawValue, text])
    }

    static func deploy(_ db: Database, _ id: Int64) throws -> DeployRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM deploy WHERE id = ?", arguments: [id]).flatMap(record)
    }

    static func record(_ row: Row) -> DeployRecord? {
        guard let state = DeployRecord.State(rawValue: row["state"]) else { return nil }
        let ended: Double? = row["endedAt"]
        return DeployRecord(
            id: row["id"], repository: row["repository"], ref: row["ref"], commit: row["commit"],
            environment: row["environment"], state: state, code: row["code"], reason: row["reason"],
            appID: row["appID"], slug: row["slug"], version: row["version"], release: row["release"], url: row["url"],
            attempts: row["attempts"], createdAt: Date(timeIntervalSince1970: row["createdAt"]),
            endedAt: ended.map(Date.init(timeIntervalSince1970:)))
    }
}

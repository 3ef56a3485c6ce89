import FlockCore
import Foundation
import GRDB

extension HookStore {
    /// Deliveries with what each of their refs led to, and the branches that are deployed.
    static func migrateDeliveries(_ db: Database) throws {
        try db.execute(
            sql: """
                ALTER TABLE delivery RENAME TO old_delivery;
                CREATE TABLE delivery (
                    number INTEGER PRIMARY KEY AUTOINCREMENT, forge TEXT NOT NULL, id TEXT NOT NULL,
                    repository TEXT NOT NULL, event TEXT NOT NULL, receivedAt REAL NOT NULL, code TEXT, reason TEXT,
                    UNIQUE (forge, repository, id));
                CREATE TABLE delivery_change (
                    delivery INTEGER NOT NULL REFERENCES delivery (number), position INTEGER NOT NULL,
                    ref TEXT NOT NULL, before TEXT, after TEXT, deploy INTEGER NOT NULL REFERENCES deploy (id),
                    PRIMARY KEY (delivery, position));
                CREATE INDEX delivery_change_deploy ON delivery_change (deploy);
                INSERT INTO delivery (forge, id, repository, event, receivedAt)
                    SELECT 'github', o.id, d.repository, 'push', o.receivedAt
                    FROM old_delivery o JOIN deploy d ON d.id = o.deploy;
                INSERT INTO delivery_change (delivery, position, ref, after, deploy)
                    SELECT n.number, 0, d.ref, d."commit", d.id FROM old_delivery o JOIN deploy d ON d.id = o.deploy
                    JOIN delivery n ON n.id = o.id AND n.repository = d.repository;
                DROP TABLE old_delivery;
                CREATE TABLE target (
                    repository TEXT NOT NULL, ref TEXT NOT NULL,
                    -- The commit that was dealt with last: deployed, failed or cancelled.
                    handled TEXT,
                    -- The deploy that serves it.
                    live INTEGER,
                    -- Whether it was deleted, and nobody has tidied up after it yet.
                    gone INTEGER NOT NULL DEFAULT 0,
                    PRIMARY KEY (repository, ref));
                INSERT INTO target (repository, ref, handled, live)
                    SELECT repository, ref, "commit",
                        (SELECT MAX(id) FROM deploy l
                            WHERE l.repository = d.repository AND l.ref = d.ref AND l.state = 'live')
                    FROM deploy d
                    WHERE id IN (SELECT MAX(id) FROM deploy WHERE environment IS NOT NULL GROUP BY repository, ref);
                CREATE INDEX deploy_target ON deploy (repository, ref, state);
                """)
    }

    /// What a delivery led to, of one program.
    struct Receipt: Sendable {
        /// ``KnownRepository/key``; empty for a greeting to all.
        var repository: String
        /// One for each ref.
        var deploys: [DeployRecord]
        /// Why there are none.
        var reason: Reason?
        var isDuplicate: Bool
    }

    /// Stores deliveries and what they lead to, in one transaction. The same delivery again gives the same deploys. A
    /// deploy of the same branch that has not begun is superseded: the newest push wins.
    /// - Parameter deliveries: each to all programs that it is for.
    /// - Returns: for each; one that cannot be stored leaves nothing, and does not keep the others out.
    /// - Throws: when none of them is stored.
    func receive(_ deliveries: [([Delivery], at: Date)]) async throws -> [Result<[Receipt], any Error>] {
        try await database.write { db in
            deliveries.map { programs, date in
                Result {
                    var receipts: [Receipt] = []
                    try db.inSavepoint {
                        receipts = try programs.map { try Self.receive(db, $0, at: date) }
                        return .commit
                    }
                    return receipts
                }
            }
        }
    }

    private static func receive(_ db: Database, _ delivery: Delivery, at date: Date) throws -> Receipt {
        try db.execute(
            sql: """
                INSERT OR IGNORE INTO delivery (forge, id, repository, event, receivedAt, code, reason)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                delivery.forge.rawValue, delivery.id, delivery.repository, delivery.event, date.timeIntervalSince1970,
                delivery.reason?.code.rawValue, delivery.reason?.words,
            ])
        guard db.changesCount == 1 else { return try first(db, delivery) }
        let number = db.lastInsertedRowID
        if let pull = delivery.pullRequest,
            let why = try note(db, pull, repository: delivery.repository, receivedAt: date)
        {
            try db.execute(
                sql: "UPDATE delivery SET code = ?, reason = ? WHERE number = ?",
                arguments: [why.code.rawValue, why.words, number])
            return Receipt(repository: delivery.repository, deploys: [], reason: why, isDuplicate: false)
        }
        var deploys: [DeployRecord] = []
        for (position, (change, verdict)) in zip(delivery.changes, delivery.verdicts).enumerated() {
            let deploy =
                try foundBefore(db, change, repository: delivery.repository)
                ?? add(db, change, verdict, repository: delivery.repository, "received", at: date)
            try db.execute(
                sql: """
                    INSERT INTO delivery_change (delivery, position, ref, before, after, deploy)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """, arguments: [number, position, change.name, change.before, change.after, deploy])
            if let record = try Self.deploy(db, deploy) { deploys.append(record) }
        }
        return Receipt(
            repository: delivery.repository, deploys: deploys, reason: delivery.reason, isDuplicate: false)
    }

    /// The newest deploy of the ref, where a look at the branch came before the word of the same push. One that failed
    /// is tried again.
    private static func foundBefore(_ db: Database, _ change: RefChange, repository: String) throws -> Int64? {
        try Int64.fetchOne(
            db,
            sql: """
                SELECT id FROM deploy WHERE id = (SELECT MAX(id) FROM deploy WHERE repository = ? AND ref = ?)
                AND "commit" LIKE ? || '%' AND state NOT IN ('failed', 'cancelled')
                AND NOT EXISTS (SELECT 1 FROM delivery_change WHERE deploy = deploy.id)
                """, arguments: [repository, change.name, change.after])
    }

    /// What the same delivery led to when it came first.
    private static func first(_ db: Database, _ delivery: Delivery) throws -> Receipt {
        let deploys = try Row.fetchAll(
            db,
            sql: """
                SELECT deploy.* FROM delivery JOIN delivery_change ON delivery = number JOIN deploy
                ON deploy.id = delivery_change.deploy
                WHERE forge = ? AND delivery.repository = ? AND delivery.id = ? ORDER BY position
                """, arguments: [delivery.forge.rawValue, delivery.repository, delivery.id]
        ).compactMap(record)
        let row = try Row.fetchOne(
            db, sql: "SELECT code, reason FROM delivery WHERE forge = ? AND repository = ? AND id = ?",
            arguments: [delivery.forge.rawValue, delivery.repository, delivery.id])
        let code = (row?["code"] as String?).flatMap(ReasonCode.init)
        let reason = code.map { Reason($0, row?["reason"] ?? "") }
        return Receipt(
            repository: delivery.repository, deploys: deploys, reason: reason ?? delivery.reason, isDuplicate: true)
    }

    /// Deploys the end of a branch, though no delivery told of it.
    /// - Parameter cause: what the deploy's story begins with.
    /// - Returns: `nil` when the commit was dealt with, or a deploy waits already.
    func found(
        _ commit: String, on branch: String, in repository: KnownRepository, cause: String, at date: Date
    ) async throws -> DeployRecord? {
        try await database.write { db in
            let change = try RefChange(name: "refs/heads/\(branch)", before: nil, after: commit)
            let verdict = DeliveryVerdict(change, repository: repository)
            guard case .deploy = verdict else { return nil }
            let isKnown = try Bool.fetchOne(
                db,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM target WHERE repository = ?1 AND ref = ?2 AND handled = ?3)
                    OR EXISTS (SELECT 1 FROM deploy WHERE repository = ?1 AND ref = ?2 AND state NOT IN (\(Self.final)))
                    """, arguments: [repository.key, change.name, commit])
            if isKnown == true { return nil }
            let id = try Self.add(db, change, verdict, repository: repository.key, cause, at: date)
            // Tried once: a commit that fails is not found again.
            try Self.handle(db, id, commit)
            return try Self.deploy(db, id)
        }
    }

    private static func add(
        _ db: Database, _ change: RefChange, _ verdict: DeliveryVerdict, repository: String, _ cause: String,
        at date: Date
    ) throws -> Int64 {
        var (state, reason, environment): (DeployRecord.State, Reason?, String?) = (.queued, nil, nil)
        switch verdict {
        case .deploy(_, let target): environment = target.rawValue
        case .ignore(let why): (state, reason) = (.ignored, why)
        }
        try db.execute(
            sql: """
                INSERT INTO deploy (repository, ref, "commit", environment, state, code, reason, createdAt, endedAt)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                repository, change.name, change.after ?? "", environment, state.rawValue, reason?.code.rawValue,
                reason?.words, date.timeIntervalSince1970, state.isFinal ? date.timeIntervalSince1970 : nil,
            ])
        let id = db.lastInsertedRowID
        try append(db, id, state, reason?.words ?? cause, at: date)
        guard case .branch(let branch) = change.ref, state == .queued || change.after == nil else { return id }
        let older = try Int64.fetchAll(
            db, sql: "SELECT id FROM deploy WHERE repository = ? AND ref = ? AND state = 'queued' AND id < ?",
            arguments: [repository, change.name, id])
        for old in older {
            let why = state == .queued ? Reason.superseded(by: id) : .supersededByDeletion(branch)
            try finish(db, old, .superseded, why, at: date)
        }
        if state == .queued {
            try db.execute(
                sql: "INSERT INTO target (repository, ref) VALUES (?, ?) ON CONFLICT DO UPDATE SET gone = 0",
                arguments: [repository, change.name])
        } else if reason?.code == .pullRequestClosed {
            // The branch may stay: no look at it would tell.
            try db.execute(
                sql: "UPDATE target SET gone = 1, handled = NULL, live = NULL WHERE repository = ? AND ref = ?",
                arguments: [repository, change.name])
        }
        return id
    }
}

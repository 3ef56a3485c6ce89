import FlockCore
import Foundation
import GRDB

/// Apps, groups, tasks, deployments and former versions in SQLite: written before anything is done, so that nothing
/// is forgotten.
struct EngineStore: Sendable {
    /// Former versions that are kept of each app and group. Source: Marathon's --zk_max_versions.
    static let keptVersions = 50

    let database: DatabasePool

    /// - Throws: ``EngineError`` `storage` with what to do. A store that cannot be read is never taken for an empty one.
    init(folder: String) throws {
        do {
            database = try Self.open(folder)
        } catch {
            throw EngineError(
                code: .storage,
                message: "\(folder)/marathon.db cannot be opened (\(error)). Put back a copy of it, or move it away to "
                    + "begin without apps: their tasks are ended then")
        }
    }

    private static func open(_ folder: String) throws -> DatabasePool {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let database = try DatabasePool(path: "\(folder)/marathon.db")
        // A pool begins with NORMAL, which may lose the last commits with the power.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            for table in Table.allCases {
                try db.create(table: table.rawValue) { table in
                    table.primaryKey("id", .text)
                    table.column("json", .blob).notNull()
                }
            }
            try db.create(table: "history") { table in
                table.column("id", .text).notNull()
                table.column("version", .text).notNull()
                table.column("json", .blob).notNull()
                table.primaryKey(["id", "version"])
            }
        }
        try migrator.migrate(database)
        return database
    }

    private enum Table: String, CaseIterable { case app, appGroup, task, deployment }

    struct Contents: Sendable {
        var apps: [AppRecord] = []
        var groups: [GroupRecord] = []
        var tasks: [TaskRecord] = []
        var deployments: [DeploymentRecord] = []
    }

    func load() async throws -> Contents {
        try await database.read { db in
            Contents(
                apps: try Self.all(db, .app), groups: try Self.all(db, .appGroup), tasks: try Self.all(db, .task),
                deployments: try Self.all(db, .deployment))
        }
    }

    private static func all<Record: Decodable>(_ db: Database, _ table: Table) throws -> [Record] {
        let decoder = JSONDecoder()
        return try Data.fetchAll(db, sql: "SELECT json FROM \(table.rawValue)").map {
            try decoder.decode(Record.self, from: $0)
        }
    }

    /// Writes what changed in one transaction; it is on the disk when this returns.
    func commit(_ changes: Scheduler.Changes, of scheduler: Scheduler) async throws {
        try await database.write { db in
            for id in changes.apps { try Self.save(db, .app, id, scheduler.apps[id]) }
            for id in changes.groups { try Self.save(db, .appGroup, id, scheduler.groups[id]) }
            for id in changes.tasks { try Self.save(db, .task, id, scheduler.tasks[id]) }
            for id in changes.deployments { try Self.save(db, .deployment, id, scheduler.deployments[id]) }
            for entry in changes.history { try Self.append(db, entry) }
        }
    }

    private static func save(_ db: Database, _ table: Table, _ id: String, _ record: (some Encodable)?) throws {
        guard let record else {
            try db.execute(sql: "DELETE FROM \(table.rawValue) WHERE id = ?", arguments: [id])
            return
        }
        try db.execute(
            sql: "INSERT OR REPLACE INTO \(table.rawValue) (id, json) VALUES (?, ?)",
            arguments: [id, try JSONEncoder().encode(record)])
    }

    // MARK: History

    private static func append(_ db: Database, _ entry: HistoryEntry) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO history (id, version, json) VALUES (?, ?, ?)",
            arguments: [entry.id, entry.version, try JSONEncoder().encode(entry.content)])
        try db.execute(
            sql: """
                DELETE FROM history WHERE id = ?1 AND version <
                    (SELECT version FROM history WHERE id = ?1 ORDER BY version DESC LIMIT 1 OFFSET \(keptVersions - 1))
                """, arguments: [entry.id])
    }

    /// Newest first.
    func versions(of id: String) async throws -> [String] {
        try await database.read { db in
            try String.fetchAll(
                db, sql: "SELECT version FROM history WHERE id = ? ORDER BY version DESC", arguments: [id])
        }
    }

    /// What an app or a group was since exactly this version.
    func content(of id: String, version: String) async throws -> HistoryEntry.Content? {
        try await database.read { db in
            try Data.fetchOne(
                db, sql: "SELECT json FROM history WHERE id = ? AND version = ?", arguments: [id, version]
            ).map { try JSONDecoder().decode(HistoryEntry.Content.self, from: $0) }
        }
    }

    /// Versions of a group and of all that is in it, newest first.
    func versions(below group: String) async throws -> [String] {
        try await database.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT version FROM history WHERE id = ?1 OR substr(id, 1, length(?2)) = ?2
                    ORDER BY version DESC LIMIT \(Self.keptVersions)
                    """, arguments: [group, Self.prefix(group)])
        }
    }

    /// The newest entry of everything in the group that is not younger than the version.
    func entries(below group: String, at version: String) async throws -> [HistoryEntry] {
        try await database.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, max(version) AS version, json FROM history
                    WHERE version <= ?3 AND (id = ?1 OR substr(id, 1, length(?2)) = ?2) GROUP BY id ORDER BY id
                    """, arguments: [group, Self.prefix(group), version]
            ).map { row in
                HistoryEntry(
                    id: row["id"], version: row["version"],
                    content: try JSONDecoder().decode(HistoryEntry.Content.self, from: row["json"]))
            }
        }
    }

    private static func prefix(_ group: String) -> String { group == "/" ? "/" : group + "/" }
}

import FlockCore
import Foundation
import GRDB

/// Apps, tasks and deployments in SQLite: written before anything is done, so that nothing is forgotten.
struct EngineStore: Sendable {
    private let database: DatabasePool

    init(folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        database = try DatabasePool(path: "\(folder)/engine.db", configuration: configuration)
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            for table in ["app", "task", "deployment"] {
                try db.create(table: table) { table in
                    table.primaryKey("id", .text)
                    table.column("json", .blob).notNull()
                }
            }
        }
        try migrator.migrate(database)
    }

    struct Contents: Sendable {
        var apps: [AppRecord] = []
        var tasks: [TaskRecord] = []
        var deployments: [DeploymentRecord] = []
    }

    func load() async throws -> Contents {
        try await database.read { db in
            Contents(
                apps: try Self.all(db, "app"), tasks: try Self.all(db, "task"),
                deployments: try Self.all(db, "deployment"))
        }
    }

    private static func all<Record: Decodable>(_ db: Database, _ table: String) throws -> [Record] {
        try Data.fetchAll(db, sql: "SELECT json FROM \(table)").map { try JSONDecoder().decode(Record.self, from: $0) }
    }

    /// Writes what changed in one transaction; it is on the disk when this returns.
    func commit(_ changes: Scheduler.Changes, of scheduler: Scheduler) async throws {
        try await database.write { db in
            for id in changes.apps { try Self.save(db, "app", id, scheduler.apps[id]) }
            for id in changes.tasks { try Self.save(db, "task", id, scheduler.tasks[id]) }
            for id in changes.deployments { try Self.save(db, "deployment", id, scheduler.deployments[id]) }
        }
    }

    private static func save(_ db: Database, _ table: String, _ id: String, _ record: (some Encodable)?) throws {
        guard let record else {
            try db.execute(sql: "DELETE FROM \(table) WHERE id = ?", arguments: [id])
            return
        }
        let json = try JSONEncoder().encode(record)
        try db.execute(sql: "INSERT OR REPLACE INTO \(table) (id, json) VALUES (?, ?)", arguments: [id, json])
    }
}

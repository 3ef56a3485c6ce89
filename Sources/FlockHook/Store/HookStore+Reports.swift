import Foundation
import GRDB

extension HookStore {
    static func addReports(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE report (deploy INTEGER PRIMARY KEY, told TEXT NOT NULL, isDone INTEGER NOT NULL);
                CREATE INDEX report_due ON report (deploy) WHERE NOT isDone;
                """)
    }

    /// What of a deploy decides whether somebody has to be told.
    struct Reportable: Sendable, Hashable, FetchableRecord {
        var id: Int64
        var repository: String
        var state: String
        var commit: String
        /// Something was told, and not yet how it ended.
        var isBegun: Bool
        /// All was told.
        var isDone: Bool

        init(row: Row) {
            id = row["id"]
            repository = row["repository"]
            state = row["state"]
            commit = row["commit"]
            isBegun = row["isBegun"]
            isDone = row["isDone"]
        }
    }

    /// The deploys that are under way, the last 200, and those whose end was not told, each time that one of them changes.
    func reportables() -> some AsyncSequence<[Reportable], any Error> {
        let final = DeployRecord.State.allCases.filter(\.isFinal).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return ValueObservation.tracking { db in
            try Reportable.fetchAll(
                db,
                sql: """
                    SELECT d.id, d.repository, d.state, d."commit", r.isDone IS 0 AS isBegun, r.isDone IS 1 AS isDone FROM (
                        SELECT id FROM (SELECT id FROM deploy ORDER BY id DESC LIMIT 200)
                        UNION SELECT id FROM deploy WHERE state NOT IN (\(final))
                        UNION SELECT deploy FROM report WHERE NOT isDone) AS due
                    JOIN deploy d ON d.id = due.id LEFT JOIN report r ON r.deploy = d.id
                    ORDER BY d.id
                    """)
        }
        .removeDuplicates()
        .values(in: database, bufferingPolicy: .bufferingNewest(1))
    }

    func told(of deploy: Int64) async throws -> [ReportPlan.Audience: ReportPlan.Told] {
        try await database.read { try Self.told($0, deploy) }
    }

    func keepTold(_ told: ReportPlan.Told, to audience: ReportPlan.Audience, of deploy: Int64) async throws {
        try await database.write { db in
            var all = try Self.told(db, deploy)
            all[audience] = told
            try db.execute(
                sql: "INSERT OR REPLACE INTO report (deploy, told, isDone) VALUES (?, ?, 0)",
                arguments: [deploy, String(decoding: try JSONEncoder().encode(all), as: UTF8.self)])
        }
    }

    /// Notes that everybody was told how a deploy ended.
    func setTold(of deploy: Int64) async throws {
        try await database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO report (deploy, told, isDone) VALUES (?, '{}', 1) ON CONFLICT DO UPDATE SET isDone = 1
                    """, arguments: [deploy])
        }
    }

    private static func told(_ db: Database, _ deploy: Int64) throws -> [ReportPlan.Audience: ReportPlan.Told] {
        guard let text = try String.fetchOne(db, sql: "SELECT told FROM report WHERE deploy = ?", arguments: [deploy])
        else { return [:] }
        return try JSONDecoder().decode([ReportPlan.Audience: ReportPlan.Told].self, from: Data(text.utf8))
    }
}

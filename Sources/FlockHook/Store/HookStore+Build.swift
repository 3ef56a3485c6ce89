import Foundation
import GRDB

extension HookStore {
    /// Adds lines that a build has printed to the deploy's story, in one transaction.
    func tell(_ id: Int64, _ lines: [String], at date: Date = Date()) async throws {
        try await database.write { db in
            for line in lines {
                try db.execute(
                    sql: """
                        INSERT INTO deploy_event (deploy, sequence, at, state, text)
                        VALUES (?1, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM deploy_event WHERE deploy = ?1), ?2, ?3, ?4)
                        """,
                    arguments: [id, date.timeIntervalSince1970, DeployRecord.State.building.rawValue, "  \(line)"])
            }
        }
    }
}

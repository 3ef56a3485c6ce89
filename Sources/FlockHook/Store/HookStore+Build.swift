import Foundation
import GRDB

extension HookStore {
    /// Adds lines that a build has printed to the deploy's story, in one transaction.
    /// - Throws: ``DeployEnded``.
    func tell(_ id: Int64, _ lines: [String], at date: Date = Date()) async throws {
        try await database.write { db in
            for line in lines { try Self.move(db, id, to: .building, "  \(line)", at: date) }
        }
    }
}

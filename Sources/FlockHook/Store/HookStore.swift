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
        migrator.registerMigration("deliveries", migrate: Self.migrateDeliveries)
        migrator.registerMigration("releases-reports", migrate: Self.addReports)
        migrator.registerMigration("releases-previews", migrate: Self.addPreviews)
        migrator.registerMigration("pull-requests", migrate: Self.addPullRequests)
        migrator.registerMigration("releases-unfinished", migrate: Self.addUnfinishedReleases)
        migrator.registerMigration("names", migrate: Self.migrateNames)
        migrator.registerMigration("pull-request-branches", migrate: Self.addPullRequestBranches)
        try migrator.migrate(database)
    }

    // MARK: Releases

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
}

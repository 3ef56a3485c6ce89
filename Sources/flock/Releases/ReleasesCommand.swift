import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import Foundation
import Marathon
import NIOHTTP1

struct ReleasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "List what an app has served, and what it can serve again.",
        discussion: """
            A release is current, ready (its app sleeps, or serves its own URL), kept (its app was removed or replaced; \
            it is started again from the code that is kept) or gone. A rollback or promotion may be pending, which goes on
            by itself when flock-hook was interrupted, or failed: visitors never got it.

            EXAMPLES
              flock releases shop
              flock rollback shop 2
            """)

    @OptionGroup var options: DaemonOptions
    @Argument(help: "The app, as \"flock apps\" names it; without it, the current release of each.") var app: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        try await Connection.run(options) { connection in
            var releases: [Release] = []
            if let app {
                releases = try await connection.releases(of: app)
            } else {
                let slugs = try await connection.marathon.appStates().compactMap(ReleaseRecord.init).map(\.slug.text)
                for slug in slugs.sorted() {
                    releases += try await connection.releases(of: slug).filter { $0.standing == .current }
                }
            }
            if json { return try Output.write(json: releases) }
            guard !releases.isEmpty else { return Output.write("No releases yet.\n") }
            var table = Table(columns: ["APP", "RELEASE", "VERSION", "COMMIT", "STATE", "WHEN", "WHY"])
            for release in releases {
                table.add([
                    release.slug, "v\(release.number)", release.version ?? "-",
                    release.commit.map { String($0.prefix(7)) } ?? "-", release.standing.rawValue,
                    Output.age(release.at), release.reason + (release.failure.map { ": \($0)" } ?? ""),
                ])
            }
            Output.write(table.render())
        }
    }
}

extension Connection {
    func releases(of app: String) async throws -> [Release] {
        try await part(.hook).ask(.GET, "/v1/releases?app=\(Self.escaped(app))", as: [Release].self)
    }

    /// What visitors of an app get, as Marathon has it.
    func record(of app: String) async throws -> ReleaseRecord? {
        guard let slug = Slug(app) else { return nil }
        return try await marathon.app(ReleaseRecord.id(for: slug)).flatMap(ReleaseRecord.init)
    }

    /// Has flock-hook change what a name serves. That takes as long as a deploy of it that is under way, and as an app
    /// that has to be started takes to answer.
    func hook<Answer: Decodable>(
        _ method: HTTPMethod, _ path: String, _ query: [(String, String)]
    ) async throws -> Answer {
        let query = query.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
        return try await part(.hook).ask(method, "/v1/\(path)?\(query)", timeout: .seconds(3600))
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }
}

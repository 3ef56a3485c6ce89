import ArgumentParser
import FlockCore
import FlockDaemon
import Marathon

struct CanaryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "canary",
        abstract: "Give a share of an app's visitors another version.",
        discussion: """
            The share holds at once, without a reload, on every node. A visitor of pages stays with the version that he \
            was given, by a cookie of ten minutes. The next release ends it.

            EXAMPLES
              flock canary shop 1.1.0 --percent 10     one in ten gets 1.1.0
              flock canary shop                        tell how it is
              flock canary shop --off                  all get the release again
            """)

    @OptionGroup var options: DaemonOptions
    @Argument(help: "The app, as \"flock apps\" names it.") var app: String
    @Argument(help: "The version that gets the share.") var version: String?
    @Option(help: "Of the visitors, 1 to 99.") var percent: Int?
    @Flag(help: "All get the release again.") var off = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if off && (version != nil || percent != nil) {
            throw ValidationError("--off takes neither VERSION nor --percent")
        }
        if (version == nil) != (percent == nil) { throw ValidationError("VERSION and --percent go together") }
        if let percent, !ReleaseRecord.Canary.percents.contains(percent) {
            throw ValidationError("--percent is \(percent); use 1 to 99")
        }
    }

    private struct Answer: Encodable {
        var app: String
        var release: Int
        var target: String
        var canary: ReleaseRecord.Canary?
    }

    func run() async throws {
        try await Connection.run(options) { connection in
            var record = try await Self.record(of: app, connection)
            if let version, let percent {
                record.canary = .init(target: try await Self.target(version, record, connection), percent: percent)
            }
            if off { record.canary = nil }
            if off || version != nil {
                _ = try await connection.marathon.put(record.definition, to: ReleaseRecord.id(for: record.slug))
            }
            if json {
                return try Output.write(
                    json: Answer(app: app, release: record.number, target: record.target, canary: record.canary))
            }
            if let canary = record.canary {
                Output.write(
                    "\(canary.percent) % of the visitors of \(app) get \(canary.target), the others \(record.target).\n"
                )
            } else {
                Output.write("All visitors of \(app) get \(record.target).\n")
            }
        }
    }

    private static func record(of app: String, _ connection: Connection) async throws -> ReleaseRecord {
        let unknown = CommandError(.releaseUnknown, "no release of \"\(app)\"; \"flock apps\" lists what there is")
        guard let slug = Slug(app) else { throw unknown }
        let found = try await connection.marathon.app(ReleaseRecord.id(for: slug))
        guard let record = found.flatMap(ReleaseRecord.init) else { throw unknown }
        return record
    }

    private static func target(
        _ version: String, _ record: ReleaseRecord, _ connection: Connection
    ) async throws -> String {
        let id = AppName(
            slug: record.slug, version: try AppVersion(version), group: AppName.group(of: record.target)
        ).id
        guard id != record.target else { throw CommandError(.versionCurrent, "\(id) is what all visitors get already") }
        guard let app = try await connection.marathon.app(id).flatMap(FlockApp.init), app.slug == record.slug else {
            throw CommandError(
                .versionUnknown, "there is no \(id); \"flock apps\" lists the versions that were deployed")
        }
        return id
    }
}

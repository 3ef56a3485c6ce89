import ArgumentParser
import FlockCore
import FlockDaemon
import FlockHook
import NIOHTTP1

struct CanaryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "canary",
        abstract: "Give a share of an app's visitors another version.",
        discussion: """
            The share holds at once, without a reload, on every node. A visitor of pages stays with the version that he \
            was given, by a cookie of ten minutes. The next release ends it. A deploy or rollback that is under way ends before.

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

    func run() async throws {
        try await Connection.run(options) { connection in
            let served: ServedRelease
            if let version, let percent {
                let query = [("app", app), ("version", version), ("percent", String(percent))]
                served = try await connection.hook(.POST, "canary", query)
            } else if off {
                served = try await connection.hook(.DELETE, "canary", [("app", app)])
            } else {
                guard let record = try await connection.record(of: app) else {
                    throw CommandError(
                        .releaseUnknown, "no release of \"\(app)\"; \"flock apps\" lists what there is")
                }
                served = ServedRelease(record)
            }
            if json { return try Output.write(json: served) }
            if let canary = served.canary {
                Output.write(
                    "\(canary.percent) % of the visitors of \(app) get \(canary.target), the others \(served.target).\n"
                )
            } else {
                Output.write("All visitors of \(app) get \(served.target).\n")
            }
        }
    }
}

import ArgumentParser
import FlockCore
import FlockDaemon
import Foundation
import Marathon

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Show what an app has printed: its newest task, also when it sleeps; its requests; or a build.",
        discussion: """
            EXAMPLES
              flock logs shop
              flock logs shop -f --stderr
              flock logs /shop-1.0.1 -n 20
              flock logs --deploy 12 -f       what the build of this deploy prints
              flock logs --requests -f
              flock logs --requests shop --json
            """)

    @Argument(help: "A name such as shop, or an id such as /shop-1.0.1.") var app: String?
    @OptionGroup var options: DaemonOptions
    @Flag(name: .shortAndLong, help: "Go on showing what comes.") var follow = false
    @Flag(help: "Requests instead, of one app or of all.") var requests = false
    @Option(help: "The build of this deploy instead.") var deploy: Int64?
    @Flag(help: "Requests as lines of JSON, as they were written.") var json = false
    @Flag(help: "Only standard error.") var stderr = false
    @Flag(help: "Only standard output.") var stdout = false
    @Option(name: [.customShort("n"), .customLong("lines")], help: "Lines from the end.") var lines = 100

    func validate() throws {
        guard [app != nil || requests, deploy != nil].count(where: \.self) == 1 else {
            throw ValidationError("Name an app, or ask for --requests or for a --deploy.")
        }
        guard requests || !json else { throw ValidationError("--json is for --requests.") }
    }

    func run() async throws {
        try await Connection.run(options) { connection in
            if let deploy { return try await BuildOutput(deploy: deploy).show(connection, follow: follow) }
            guard let app, !requests else {
                return try await RequestLog(app: app, isJSON: json)
                    .show(connection.settings.http.log, last: lines, follow: follow)
            }
            let marathon = connection.marathon
            let id = try find(app, in: try await marathon.apps())
            let files = stderr == stdout ? ["stdout", "stderr"] : [stderr ? "stderr" : "stdout"]
            let folder = "latest/" + id.dropFirst().split(separator: "/").joined(separator: "_")
            var offsets: [String: Int] = [:]
            for file in files {
                guard
                    let chunk = try? await marathon.readFile(
                        "\(folder)/\(file)", offset: -(256 << 10), length: 256 << 10)
                else {
                    throw MarathonError(
                        .notFound, operation: "logs", message: "\(id) has printed nothing yet: it never ran here")
                }
                // By bytes: to Swift a line break of two is a character of its own.
                let text = chunk.data.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                let end = text.last?.isEmpty == true ? 1 : 0
                Output.write(text.suffix(lines + end).map { String(Substring($0)) }.joined(separator: "\n"))
                offsets[file] = chunk.end
            }
            while follow {
                try await Task.sleep(for: .milliseconds(250))
                for file in files {
                    let offset = offsets[file] ?? 0
                    guard let chunk = try? await marathon.readFile("\(folder)/\(file)", offset: offset) else {
                        continue
                    }
                    Output.write(chunk.data)
                    // A shorter file is a new task's.
                    offsets[file] = chunk.offset < offset ? 0 : chunk.end
                }
            }
        }
    }

    private func find(_ app: String, in apps: [App]) throws(MarathonError) -> String {
        let known = apps.compactMap(FlockApp.init)
        if let app = known.first(where: { $0.id == app || $0.id == "/\(app)" }) { return app.id }
        let records = apps.compactMap(ReleaseRecord.init)
        if let record = records.first(where: { $0.slug.text == app }) { return record.target }
        if let newest = known.filter({ $0.slug.text == app }).max(by: { $0.release < $1.release }) { return newest.id }
        let hint = Nearest.hint(for: app, among: Array(Set(known.map(\.slug.text))))
        throw MarathonError(.notFound, operation: "logs", message: "there is no app \"\(app)\"; \(hint)")
    }
}

import Foundation

/// A repository with a history, and what is fetched of it.
struct GitSite {
    static let port = 19_480
    let folder: URL
    let flockHook: String

    var origin: URL { folder.appendingPathComponent("shop") }
    var url: String { "http://127.0.0.1:\(Self.port)/shop/.git" }

    /// 2,000 files of 4 KiB that hardly compress, changed twenty times.
    init(flock: String) throws {
        flockHook = URL(fileURLWithPath: flock).deletingLastPathComponent().appendingPathComponent("flock-hook").path
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("flock-bench-git-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Program.run("/usr/bin/env", ["git", "init", "-q", "-b", "main", origin.path], in: folder)
        for number in 0..<2000 { try write(number) }
        try commit()
        for round in 0..<20 {
            for number in 0..<50 { try write(round * 50 + number) }
            try commit()
        }
        try git("gc", "-q")
        try """
        hook:
          repositories:
            - {url: "\(url)", secret: {file: none}, branches: {}, allow: [http, privateAddresses]}
            - {url: "\(origin.path)/.git", secret: {file: none}, branches: {}}
        """.write(to: folder.appendingPathComponent("flock.yaml"), atomically: true, encoding: .utf8)
    }

    func remove() {
        try? FileManager.default.removeItem(at: folder)
    }

    func git(_ arguments: String...) throws {
        try Program.run(
            "/usr/bin/env",
            ["GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "git", "-C", origin.path, "-c", "user.name=bench"]
                + ["-c", "user.email=bench@example.org"] + arguments, in: folder)
    }

    func change() throws {
        try write(Int.random(in: 0..<2000))
        try commit()
    }

    private func write(_ number: Int) throws {
        let file = origin.appendingPathComponent("src/\(number % 40)/\(number).txt")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let bytes = Data((0..<3072).map { _ in UInt8.random(in: 0...255) })
        try bytes.base64EncodedData().write(to: file)
    }

    private func commit() throws {
        try git("add", "-A")
        try git("commit", "-q", "-m", "change")
    }

    /// What `flock-hook fetch` says of its times, in milliseconds.
    func flock(_ address: String, archive: String? = nil) throws -> (fetch: Double, export: Double) {
        struct Trial: Decodable {
            struct Archive: Decodable { var milliseconds: Double }
            var milliseconds: Double
            var archive: Archive?
        }
        let text = try Program.output(
            flockHook,
            ["fetch", "--json", "--config", folder.appendingPathComponent("flock.yaml").path, "--state"]
                + [folder.appendingPathComponent("state").path, address] + (archive.map { ["--archive", $0] } ?? []),
            in: folder)
        let trial = try JSONDecoder().decode(Trial.self, from: Data(text.utf8))
        return (trial.milliseconds, trial.archive?.milliseconds ?? 0)
    }
}

import Foundation

/// `git push` of a new version until that version answers, over the bare start of the same program: what is between is
/// git's push, the delivery, the reading of the commit, its archive, the engine's launch, the check and the routing.
struct PushBenchmark {
    let site: Site
    let program: SiteProgram
    private let rounds = 10

    func run() throws {
        var (bare, pushed): ([Double], [Double]) = ([], [])
        for round in 1...rounds {
            // Old versions take room, and awake ones stay for an hour here.
            try site.putToSleep(program, id: "/\(program.name)-1.0.\(round - 1)")
            bare.append(try program.startBare(port: 28400 + round))
            pushed.append(try push("1.0.\(round)"))
        }
        let (base, push) = (Statistics(bare), Statistics(pushed))
        print("push      \(program.name) (\(rounds) rounds, interleaved; isolation \(Machine.isolation))")
        print(
            "          bare start              median \(base.median.rounded(to: 1)) ms, p90 \(base.p90.rounded(to: 1)) ms"
        )
        print(
            "          push → version answers  median \(push.median.rounded(to: 1)) ms, p90 \(push.p90.rounded(to: 1)) ms, "
                + "ratio \((push.median / base.median).rounded(to: 2)), Flock adds "
                + "\((push.median - base.median).rounded(to: 1)) ms")
    }

    private func push(_ version: String) throws -> Double {
        let package = program.folder.appendingPathComponent("package.json")
        let text = try String(contentsOf: package, encoding: .utf8)
        try text.replacing(/"version": "[^"]*"/, with: #""version": "\#(version)""#)
            .write(to: package, atomically: true, encoding: .utf8)
        try site.commit(program, "Version \(version)")
        let host = program.host.replacing(
            "\(program.name).", with: "\(program.name)-\(version.replacing(".", with: "-")).")
        let clock = ContinuousClock()
        let start = clock.now
        let push = try Program.launch(
            "/usr/bin/git", ["push", "-q", site.repository(of: program), "main"], in: program.folder)
        try Program.wait("\(host) answers") {
            (try? RawHTTP.request(port: site.web, "GET", "/", host: host).hasPrefix("HTTP/1.1 200")) == true
        }
        let elapsed = (clock.now - start) / .milliseconds(1)
        push.waitUntilExit()
        return elapsed
    }
}

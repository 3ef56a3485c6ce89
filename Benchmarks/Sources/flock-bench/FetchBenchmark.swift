import Foundation

/// A push of one changed file, fetched over http by flock-hook, over the same by `git fetch` and by libgit2's own
/// transport. flock-hook and libgit2 are timed from the inside, `git` as the process that a daemon would have to start.
struct FetchBenchmark {
    let flock: String
    private let rounds = 15

    func run() throws {
        let site = try GitSite(flock: flock)
        defer { site.remove() }
        let server = try Program.launch(
            "/usr/bin/env",
            [
                "node", StaticServer.programs.appendingPathComponent("git-http.mjs").path, "\(GitSite.port)",
                site.folder.path,
            ],
            in: site.folder)
        defer {
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
        try Program.wait("the git server answers") { (try? ask(site)) != nil }
        let libgit2 = site.folder.appendingPathComponent("libgit2-fetch").path
        try Program.run(
            "/usr/bin/env",
            [
                "cc", "-O2", "-o", libgit2, StaticServer.programs.appendingPathComponent("libgit2-fetch.c").path,
                "-lgit2",
            ],
            in: site.folder)
        let clone = site.folder.appendingPathComponent("clone.git").path
        try Program.run("/usr/bin/env", ["git", "init", "-q", "--bare", clone], in: site.folder)

        func round() throws -> [Double] {
            let own = try site.flock(site.url).fetch
            let git = try Program.time(
                shell: "GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null git -C \(clone) fetch -q --depth 1 --no-tags "
                    + "\(site.url) +main:main", in: site.folder)
            let other = try Program.output(
                libgit2, [site.url, site.folder.appendingPathComponent("libgit2.git").path, "main"], in: site.folder)
            return [own, git, Double(other.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .nan]
        }

        print(
            "fetch     over http from this machine, 2,000 files in 21 commits; median of \(rounds) rounds, interleaved")
        report("the first time", [try round()])
        let changed = try (0..<rounds).map { _ in
            try site.change()
            return try round()
        }
        report("one file changed", changed)
        report("nothing new", try (0..<rounds).map { _ in try round() })
    }

    private func ask(_ site: GitSite) throws {
        try Program.run(
            "/usr/bin/env", ["curl", "-sf", "\(site.url)/info/refs?service=git-upload-pack"], in: site.folder)
    }

    private func report(_ what: String, _ rounds: [[Double]]) {
        let medians = (0..<3).map { index in Statistics(rounds.map { $0[index] }).median }
        print(
            "          \(what.padding(toLength: 18, withPad: " ", startingAt: 0))\(medians[0].rounded(to: 1)) ms; git fetch "
                + "--depth 1 \(medians[1].rounded(to: 1)) ms, ratio \((medians[0] / medians[1]).rounded(to: 2)); libgit2 "
                + "\(medians[2].rounded(to: 1)) ms, ratio \((medians[0] / medians[2]).rounded(to: 2))")
    }
}

import Foundation

/// A commit's tree as an archive, checked and on disk, over `git archive`; and unpacked, over `git archive | tar x`.
struct ExportBenchmark {
    let flock: String
    private let rounds = 15

    func run() throws {
        let site = try GitSite(flock: flock)
        defer { site.remove() }
        let bare = "\(site.origin.path)/.git"
        let (tar, folder) = ("\(site.folder.path)/own.tar", "\(site.folder.path)/unpacked")
        var times: [[Double]] = []
        for _ in 0..<rounds {
            let own = try site.flock(bare, archive: tar).export
            let unpacking = try shell("mkdir \(folder) && tar -xf \(tar) -C \(folder)", site)
            try FileManager.default.removeItem(atPath: folder)
            let git = try shell("git -C \(bare) archive -o \(site.folder.path)/git.tar main", site)
            let both = try shell("mkdir \(folder) && git -C \(bare) archive main | tar -xf - -C \(folder)", site)
            try FileManager.default.removeItem(atPath: folder)
            times.append([own, git, own + unpacking, both])
        }
        let medians = (0..<4).map { index in Statistics(times.map { $0[index] }).median }
        print("export    2,000 files of 4 KiB; median of \(rounds) rounds, interleaved")
        for (what, own, base, name) in [
            ("archive", medians[0], medians[1], "git archive"),
            ("and unpacked", medians[2], medians[3], "git archive | tar x"),
        ] {
            print(
                "          \(what.padding(toLength: 18, withPad: " ", startingAt: 0))\(own.rounded(to: 1)) ms; \(name) "
                    + "\(base.rounded(to: 1)) ms, ratio \((own / base).rounded(to: 2))")
        }
    }

    private func shell(_ command: String, _ site: GitSite) throws -> Double {
        try Program.time(shell: command, in: site.folder)
    }
}

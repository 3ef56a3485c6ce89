import Foundation

/// Measures the binary that `FLOCK` names, and the parts' own beside it, and prints each figure beside a baseline of
/// the same run. Arguments name the benchmarks to run: `wake`, `push`, `proxy`, `held`, `hosts`, `apply`, `launch`, `scale`,
/// `many`, `scaler`, `simulate`, `accept`, `fetch`, `export`; all without.
@main
struct FlockBench {
    static func main() {
        guard let flock = ProcessInfo.processInfo.environment["FLOCK"] else {
            print("FLOCK has to name the flock binary; \"make bench\" does.")
            exit(2)
        }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let example = root.appendingPathComponent("examples/hello-node")
        print("machine   \(Machine.description)")
        do {
            let benchmarks: [(name: String, run: () throws -> Void)] = [
                ("wake", { try measureWake(flock: flock, example: example) }),
                ("push", { try measurePush(flock: flock, example: example) }),
                ("proxy", ProxyBenchmark(flock: flock).run), ("held", HeldBenchmark(flock: flock).run),
                ("hosts", HostsBenchmark(flock: flock).run), ("apply", ApplyBenchmark(flock: flock).run),
                ("launch", LaunchBenchmark(flock: flock).run), ("scale", ScaleBenchmark(flock: flock).run),
                ("many", ManyAppsBenchmark(flock: flock).run), ("scaler", ScalerBenchmark(flock: flock).run),
                ("simulate", SimulateBenchmark(flock: flock, root: root).run),
                ("accept", AcceptBenchmark(flock: flock).run),
                ("fetch", FetchBenchmark(flock: flock).run), ("export", ExportBenchmark(flock: flock).run),
            ]
            let chosen = CommandLine.arguments.dropFirst()
            for benchmark in benchmarks where chosen.isEmpty || chosen.contains(benchmark.name) {
                try benchmark.run()
                // A reader of a pipe sees it at once, too.
                fflush(nil)
            }
        } catch {
            print("flock-bench: \(error)")
            exit(1)
        }
    }

    private static func measurePush(flock: String, example: URL) throws {
        let site = try Site(flock: flock)
        defer { site.stop() }
        try site.start()
        for program in [try SiteProgram.tiny(in: site.folder), try SiteProgram.node(example: example, in: site.folder)]
        {
            try site.push(program)
            try PushBenchmark(site: site, program: program).run()
        }
    }

    private static func measureWake(flock: String, example: URL) throws {
        let site = try Site(flock: flock)
        defer { site.stop() }
        try site.start()
        let tiny = try SiteProgram.tiny(in: site.folder)
        let node = try SiteProgram.node(example: example, in: site.folder)
        for program in [tiny, node] {
            try site.push(program)
            try WakeBenchmark(site: site, program: program).run()
        }
        try WakeBenchmark(site: site, program: tiny, busy: node).run()
    }
}

import Foundation

/// Measures the binary that `FLOCK` names, and `flock-engine` beside it, and prints each figure beside a baseline of
/// the same run. Arguments name the benchmarks to run: `site`, `launch`, `scale`, `many`; all without.
@main
struct FlockBench {
    static func main() {
        guard let flock = ProcessInfo.processInfo.environment["FLOCK"] else {
            print("FLOCK has to name the flock binary; \"make bench\" does.")
            exit(2)
        }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        print("machine   \(Machine.description)")
        do {
            let benchmarks: [(name: String, run: () throws -> Void)] = [
                (
                    "site",
                    { try measureSite(flock: flock, example: root.appendingPathComponent("examples/hello-node")) }
                ),
                ("launch", LaunchBenchmark(flock: flock).run), ("scale", ScaleBenchmark(flock: flock).run),
                ("many", ManyAppsBenchmark(flock: flock).run),
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

    private static func measureSite(flock: String, example: URL) throws {
        let site = try Site(flock: flock, example: example)
        defer { site.stop() }
        try site.start()
        try WakeBenchmark(site: site).run()
        try ProxyBenchmark(site: site).run()
    }
}

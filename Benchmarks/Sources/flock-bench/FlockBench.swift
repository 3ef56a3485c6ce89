import Foundation

/// Measures the binary that `FLOCK` names and prints each figure beside a baseline of the same run.
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
            let site = try Site(flock: flock, example: root.appendingPathComponent("examples/hello-node"))
            defer { site.stop() }
            try site.start()
            try WakeBenchmark(site: site).run()
            try ProxyBenchmark(site: site).run()
        } catch {
            print("flock-bench: \(error)")
            exit(1)
        }
    }
}

import Foundation

/// What the kernel says of a process. Source: proc(5).
struct ProcessFigures {
    let pid: Int32

    /// Seconds of processor time, in user and system mode, of all its threads.
    func processorTime() throws -> Double {
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw RawHTTP.Failure(what: "/proc/\(pid)/stat is unknown")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Milliseconds of processor time that the work takes in this thread.
    static func threadTime(_ work: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
        }
        let start = now()
        try work()
        return now() - start
    }

    /// KiB of memory, by the key of a line: `VmRSS` and `RssAnon` of `status`, `Pss` of `smaps_rollup`.
    func memory(_ key: String, in file: String = "status") throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(key):") }),
            let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw RawHTTP.Failure(what: "no \(key) in /proc/\(pid)/\(file)") }
        return kibibytes
    }
}

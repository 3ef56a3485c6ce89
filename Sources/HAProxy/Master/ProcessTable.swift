/// What `show proc` of the master's socket tells (Management Guide, 9.4).
public struct ProcessTable: Hashable, Sendable {
    public struct Master: Hashable, Sendable {
        public var pid: Int32
        /// Reloads tried since the master started, failed ones included.
        public var reloads: Int
        /// Reloads that failed since the last that worked. While it isn't 0, the workers serve an older file.
        public var failed: Int
    }

    public struct Worker: Hashable, Sendable {
        public var pid: Int32
        /// The number of the process before 2.5; nil where HAProxy tells none.
        public var relativePid: Int?
        /// Whole seconds.
        public var uptime: Duration
        /// Reloads that it has lived through.
        public var reloads: Int
        /// True for one that a reload has replaced: it ends its connections and takes no new ones.
        public var old: Bool
    }

    public var master: Master
    /// Those that serve and the old ones. Programs are left out.
    public var workers: [Worker]

    /// Reads the answer by the names of its columns.
    /// - Throws: `haproxy_malformed_answer`.
    public static func parse(_ text: String) throws(HAProxyError) -> ProcessTable {
        var columns: [String: Int] = [:]
        var master: Master?
        var workers: [Worker] = []
        var old = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#<") {
                columns = self.columns(of: line)
            } else if line.hasPrefix("#") {
                old = line.contains("old")
            } else {
                // "[failed: 1]" belongs to the number before it and comes only with the master.
                // Before 2.5 an old worker's number stands as "[was: 1]".
                let parts = line.replacing("[was: ", with: "").split(separator: "[")
                let cells = (parts.first ?? "").split(separator: " ")
                func cell(_ name: String) -> Substring? {
                    guard let index = columns[name], index < cells.count else { return nil }
                    return cells[index]
                }
                guard let pid = cell("PID").flatMap({ Int32($0) }), pid > 0, let type = cell("type"),
                    let reloads = cell("reloads").flatMap({ Int($0) })
                else { throw malformed(line) }
                switch type {
                case "master":
                    guard let failed = parts.count > 1 ? failures(in: parts[1]) : 0 else { throw malformed(line) }
                    master = Master(pid: pid, reloads: reloads, failed: failed)
                case "worker":
                    guard let uptime = cell("uptime").flatMap(duration) else { throw malformed(line) }
                    workers.append(
                        Worker(
                            pid: pid, relativePid: cell("relative PID").flatMap { Int($0) }, uptime: uptime,
                            reloads: reloads, old: old))
                default: continue
                }
            }
        }
        guard let master else { throw malformed("no master: \(text.prefix(80))") }
        return ProcessTable(master: master, workers: workers)
    }

    /// `#<PID> <type> <relative PID> …`: a name may hold a space.
    private static func columns(of header: Substring) -> [String: Int] {
        var columns: [String: Int] = [:]
        for part in header.split(separator: "<").dropFirst() {
            guard let end = part.firstIndex(of: ">") else { continue }
            columns[String(part[..<end])] = columns.count
        }
        return columns
    }

    /// `failed: 2]   0d00h…`
    private static func failures(in text: Substring) -> Int? {
        guard text.hasPrefix("failed: "), let end = text.firstIndex(of: "]") else { return nil }
        return Int(text[..<end].dropFirst("failed: ".count))
    }

    /// `1d02h03m04s`
    private static func duration(_ text: Substring) -> Duration? {
        let seconds: [Character: Int] = ["d": 86_400, "h": 3_600, "m": 60, "s": 1]
        var total = 0
        var digits = ""
        for character in text {
            if let unit = seconds[character] {
                guard let number = Int(digits), number < 1_000_000 else { return nil }
                total += number * unit
                digits = ""
            } else {
                digits.append(character)
            }
        }
        return digits.isEmpty ? .seconds(total) : nil
    }

    private static func malformed(_ line: some StringProtocol) -> HAProxyError {
        HAProxyError(code: .malformedAnswer, operation: "show proc", message: String(line))
    }
}

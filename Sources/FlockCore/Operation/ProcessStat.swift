import Foundation

/// What the kernel says of a process in one line. Source: proc(5), `/proc/PID/stat`.
public struct ProcessStat: Sendable, Hashable {
    /// A letter: `R` runs, `S` sleeps, `T` is stopped, `Z` has ended and nobody has asked how yet.
    public var state: Substring
    /// Clock ticks between the machine's start and the process's.
    public var startTime: UInt64

    /// A zombie does not live: it runs no code and holds no port, it only waits for its parent to look.
    public var isAlive: Bool { state != "Z" && state != "X" }

    /// - Parameter proc: where the kernel's folder is.
    /// - Returns: `nil` where there is no such process.
    public init?(pid: Int32, proc: String = "/proc") {
        // The command's name stands in parentheses and may hold anything; the state, field 3, follows it.
        guard let line = ProcFile.text("\(proc)/\(pid)/stat"), let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 19, let startTime = UInt64(fields[19]) else { return nil }
        state = fields[0]
        self.startTime = startTime
    }
}

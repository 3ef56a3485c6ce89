import Foundation

/// A process that cannot be mistaken for a later one with the same pid, within one boot of the machine.
struct ProcessIdentity: Codable, Sendable, Hashable {
    var pid: Int32
    /// Clock ticks since the machine started. Source: proc(5), /proc/PID/stat, field 22.
    var startTime: UInt64

    init(pid: Int32, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    /// As ``TaskShim`` writes it: pid and start time.
    init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let pid = Int32(words[0]), pid > 1, let startTime = UInt64(words[1]) else { return nil }
        self.init(pid: pid, startTime: startTime)
    }

    /// A zombie does not live: it runs no code and holds no port, it only waits for its parent to look.
    var isAlive: Bool {
        ProcessTable.isAlive(pid) && ProcessTable.startTime(pid) == startTime
    }

    /// Of the machine's present run. Source: random(4).
    static func bootID() -> String {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }
}

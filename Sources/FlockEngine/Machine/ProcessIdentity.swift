import FlockCore
import Foundation

/// A process that cannot be mistaken for a later one with the same pid, within one boot of the machine.
struct ProcessIdentity: Codable, Sendable, Hashable {
    var pid: Int32
    /// As ``ProcessStat`` has it.
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

    var isAlive: Bool {
        guard let stat = ProcessStat(pid: pid) else { return false }
        return stat.isAlive && stat.startTime == startTime
    }

    /// Of the machine's present run. Source: random(4).
    static func bootID() -> String {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }
}

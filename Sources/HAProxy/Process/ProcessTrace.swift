internal import Foundation

/// A process that is known by more than its id, which the system gives to another one some day.
struct ProcessTrace: Hashable, Sendable {
    let pid: Int32
    /// Clock ticks since the system started; nil where the system doesn't tell.
    private let start: String?

    /// Nil if there is no such process.
    init?(pid: Int32) {
        guard pid > 0, Self.exists(pid) else { return nil }
        self.pid = pid
        self.start = Self.status(of: pid)?.start
    }

    /// False once it has ended, even if nobody has asked for its exit code yet.
    var isAlive: Bool {
        guard Self.exists(pid) else { return false }
        #if os(Linux)
            guard let now = Self.status(of: pid) else { return false }
            return now.start == start && now.state != "Z" && now.state != "X"
        #else
            return true
        #endif
    }

    func send(_ signal: Int32) {
        if isAlive { kill(pid, signal) }
    }

    /// How many files it may have open, once it asks for it; nil where the system doesn't tell. Source: proc(5),
    /// `limits`.
    var openFiles: Int? {
        #if os(Linux)
            let text = try? String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
            let line = text?.split(separator: "\n").first { $0.hasPrefix("Max open files") }
            guard let fields = line?.split(separator: " "), fields.count > 4 else { return nil }
            return fields[4] == "unlimited" ? .max : Int(fields[4])
        #else
            return nil
        #endif
    }

    private static func exists(_ pid: Int32) -> Bool {
        kill(pid, 0) == 0 || errno == EPERM
    }

    /// The fields 3 and 22 of proc(5)'s `stat`; the second, a name in parentheses, may hold anything.
    private static func status(of pid: Int32) -> (state: String, start: String)? {
        #if os(Linux)
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { return nil }
            let fields = text[end...].split(separator: " ")
            return fields.count > 20 ? (String(fields[1]), String(fields[20])) : nil
        #else
            return nil
        #endif
    }
}

import Foundation

/// What a figure is worth nothing without.
enum Machine {
    /// What the engine chooses by itself.
    static var isolation: String {
        if FileManager.default.fileExists(atPath: "/run/systemd/system") { return "systemd" }
        return getuid() == 0 ? "bwrap" : "plain"
    }

    static var description: String {
        let cpu = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
            .split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.split(separator: " ").first
        return
            "\(ProcessInfo.processInfo.activeProcessorCount) cores, \(cpu ?? "unknown processor"), load \(load ?? "?") at the start"
    }
}

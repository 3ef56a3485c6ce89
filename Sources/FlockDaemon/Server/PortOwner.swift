import FlockCore
import Foundation

/// Who listens on a TCP port of this machine, from `/proc`.
public struct PortOwner: Sendable, Hashable {
    public var pid: Int32
    public var command: String

    /// `nil` when nobody does, or when the owner belongs to another user. Of several the one that started first: the
    /// others have inherited the socket from it, as a server's workers do.
    /// - Parameter proc: where the kernel's folder is.
    public static func of(port: Int, proc: String = "/proc") -> PortOwner? {
        let sockets = Set(["tcp", "tcp6"].flatMap { listeners(in: "\(proc)/net/\($0)", port: port) })
        guard !sockets.isEmpty else { return nil }
        let holders = ((try? FileManager.default.contentsOfDirectory(atPath: proc)) ?? []).compactMap(Int32.init)
            .filter { holds(any: sockets, pid: $0, proc: proc) }
        let stats = holders.compactMap { pid in ProcessStat(pid: pid, proc: proc).map { (pid, $0.startTime) } }
        guard let owner = stats.min(by: { ($0.1, $0.0) < ($1.1, $1.0) })?.0 else { return nil }
        let name = ProcFile.text("\(proc)/\(owner)/comm") ?? "?"
        return PortOwner(pid: owner, command: name.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func holds(any sockets: Set<String>, pid: Int32, proc: String) -> Bool {
        let folder = "\(proc)/\(pid)/fd"
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return descriptors.contains {
            guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") else {
                return false
            }
            return sockets.contains(link)
        }
    }

    /// The sockets, as `/proc/PID/fd` links to them. Source: proc(5), /proc/net/tcp; state 0A is LISTEN.
    private static func listeners(in file: String, port: Int) -> [String] {
        let text = ProcFile.text(file) ?? ""
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let hex = fields[1].split(separator: ":").last,
                Int(hex, radix: 16) == port
            else { return nil }
            return "socket:[\(fields[9])]"
        }
    }
}

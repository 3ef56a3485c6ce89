import FlockCore
import Foundation

/// Who listens on a TCP port of this machine, from `/proc`.
public struct PortOwner: Sendable, Hashable {
    public var pid: Int32
    public var command: String

    /// `nil` when nobody does, or when the owner belongs to another user.
    public static func of(port: Int) -> PortOwner? {
        let inodes = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeners(in: $0, port: port) })
        guard !inodes.isEmpty else { return nil }
        let files = FileManager.default
        for entry in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = Int32(entry) else { continue }
            let folder = "/proc/\(pid)/fd"
            for descriptor in (try? files.contentsOfDirectory(atPath: folder)) ?? [] {
                guard let link = try? files.destinationOfSymbolicLink(atPath: "\(folder)/\(descriptor)"),
                    inodes.contains(link)
                else { continue }
                let name = ProcFile.text("/proc/\(pid)/comm") ?? "?"
                return PortOwner(pid: pid, command: name.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        return nil
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

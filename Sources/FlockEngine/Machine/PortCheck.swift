import Foundation

/// Looks who listens on this machine. It does not try a port by listening there itself: who asks at that moment
/// would meet us.
enum PortCheck {
    /// Nobody listens there for TCP, on any address of either family.
    static func isFree(_ port: Int) -> Bool {
        !listening("/proc/net/tcp").contains(port) && !listening("/proc/net/tcp6").contains(port)
    }

    /// Source: proc(5), /proc/net/tcp. Those that listen stand first there, so that a machine with many connections
    /// is not read to the end.
    private static func listening(_ path: String) -> Set<Int> {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        var ports: Set<Int> = []
        var text = ""
        while let chunk = try? file.read(upToCount: 1 << 14), !chunk.isEmpty {
            text += String(decoding: chunk, as: UTF8.self)
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            // The rest of it is in the next chunk.
            text = String(lines.removeLast())
            for line in lines {
                let fields = line.split(separator: " ")
                guard fields.count > 3, let colon = fields[1].lastIndex(of: ":") else { continue }
                // Neither the header, which has no colon there, nor a listener.
                guard fields[3] == "0A" else { return ports }
                if let port = Int(fields[1][fields[1].index(after: colon)...], radix: 16) { ports.insert(port) }
            }
        }
        return ports
    }
}

import Foundation

/// What `/proc/PID/status` says of a process. Source: proc(5).
struct ProcessEntry: Sendable, Hashable {
    var id: Int32
    var parent: Int32
    var group: Int32
    var session: Int32
    var isAlive: Bool
    /// Its ids in the pid namespaces that it is in, ours first.
    var idsByNamespace: [Int32]

    init?(status: String) {
        var fields: [Substring: [Substring]] = [:]
        for line in status.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == "\t" || $0 == " " })
            if let name = words.first { fields[name] = Array(words.dropFirst()) }
        }
        func numbers(_ name: Substring) -> [Int32] { (fields[name] ?? []).compactMap { Int32($0) } }
        let ids = numbers("NSpid:")
        guard let id = ids.first, let parent = numbers("PPid:").first, let group = numbers("NSpgid:").first,
            let session = numbers("NSsid:").first, let state = fields["State:"]?.first
        else { return nil }
        self.id = id
        self.parent = parent
        self.group = group
        self.session = session
        idsByNamespace = ids
        isAlive = state != "Z" && state != "X"
    }

    init?(_ pid: Int32) {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
        self.init(status: status)
    }

    /// Every process that this one can see.
    static func all() -> [ProcessEntry] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [])
            .compactMap { Int32($0) }.compactMap { ProcessEntry($0) }
    }
}

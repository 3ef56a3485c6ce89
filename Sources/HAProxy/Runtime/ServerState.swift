/// A row of `show servers state` (Management Guide, 9.3).
public struct ServerState: Hashable, Sendable {
    /// `srv_op_state`: what HAProxy makes of the server.
    public enum Operational: Int, Hashable, Sendable {
        case stopped = 0
        case starting = 1
        case running = 2
        case stopping = 3
    }

    /// `srv_admin_state`: what people or the configuration made of it.
    public struct Administrative: OptionSet, Hashable, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        public static let forcedMaintenance = Administrative(rawValue: 0x01)
        public static let inheritedMaintenance = Administrative(rawValue: 0x02)
        /// `disabled` in the configuration, whatever came after.
        public static let configuredMaintenance = Administrative(rawValue: 0x04)
        public static let forcedDrain = Administrative(rawValue: 0x08)
        public static let inheritedDrain = Administrative(rawValue: 0x10)
        public static let unresolvedMaintenance = Administrative(rawValue: 0x20)
        public static let hostNameMaintenance = Administrative(rawValue: 0x40)
    }

    public var backend: String
    public var server: String
    /// An address, or `-`.
    public var ip: String
    /// 0 if there is none.
    public var port: Int
    public var operational: Operational
    public var administrative: Administrative

    /// The address as `RuntimeCommand.setServer` takes it; nil if there is none.
    public var address: AddressToken? { AddressToken(ip: ip, port: port) }

    /// The state that `RuntimeCommand.setState` would give.
    public var condition: ServerCondition {
        // `configuredMaintenance` only remembers the file: it stays when the server is set ready.
        let maintenance: Administrative = [
            .forcedMaintenance, .inheritedMaintenance, .unresolvedMaintenance, .hostNameMaintenance,
        ]
        if !administrative.isDisjoint(with: maintenance) { return .maint }
        return administrative.isDisjoint(with: [.forcedDrain, .inheritedDrain]) ? .ready : .drain
    }

    /// Reads the answer by the names of its columns.
    /// - Throws: `haproxy_malformed_answer`.
    public static func rows(in text: String) throws(HAProxyError) -> [ServerState] {
        var lines = text.split(separator: "\n")
        guard lines.first == "1", lines.count > 1, lines[1].hasPrefix("# ") else {
            throw malformed("not version 1 of the format: \(text.prefix(80))")
        }
        let names = lines[1].split(separator: " ").dropFirst()
        let index = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
        guard let backend = index["be_name"], let server = index["srv_name"], let ip = index["srv_addr"],
            let port = index["srv_port"], let operational = index["srv_op_state"],
            let administrative = index["srv_admin_state"]
        else { throw malformed("a column is missing: \(lines[1])") }
        let last = max(backend, server, ip, port, operational, administrative)
        lines.removeFirst(2)
        var rows: [ServerState] = []
        for line in lines where !line.hasPrefix("#") {
            let cells = line.split(separator: " ")
            guard cells.count > last, let port = Int(cells[port]),
                let state = Int(cells[operational]).flatMap(Operational.init(rawValue:)),
                let flags = Int(cells[administrative])
            else { throw malformed(String(line)) }
            rows.append(
                ServerState(
                    backend: String(cells[backend]), server: String(cells[server]), ip: String(cells[ip]), port: port,
                    operational: state, administrative: Administrative(rawValue: flags)))
        }
        return rows
    }

    private static func malformed(_ message: String) -> HAProxyError {
        HAProxyError(code: .malformedAnswer, operation: "show servers state", message: message)
    }
}

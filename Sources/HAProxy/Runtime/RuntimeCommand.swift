/// A command for the stats socket (Management Guide, 9.3). Its arguments are tokens, so that no value can add a
/// command or an argument.
public enum RuntimeCommand: Hashable, Sendable, CustomStringConvertible {
    /// Gives a server of the configuration another address. It keeps its state.
    case setServer(backend: HAProxyName, server: HAProxyName, address: AddressToken)
    /// A checked server that is set ready counts as up at once: set it when its task is known to be alive.
    case setState(backend: HAProxyName, server: HAProxyName, ServerCondition)
    /// Adds an entry; one with the same key stays, and the older one wins.
    case addMap(path: PathToken, key: MapToken, value: MapToken)
    /// Changes every entry with the key; refused if there is none.
    case setMap(path: PathToken, key: MapToken, value: MapToken)
    /// Deletes every entry with the key. That there is none is no error.
    case delMap(path: PathToken, key: MapToken)
    case showMap(path: PathToken)
    /// The servers of a backend, or of all.
    case showServersState(backend: HAProxyName?)
    case showStat(backendsOnly: Bool)
    case showInfo

    /// The command as HAProxy reads it, without the end of line.
    public var description: String {
        switch self {
        case .setServer(let backend, let server, let address):
            "set server \(backend)/\(server) addr \(address.ip) port \(address.port)"
        case .setState(let backend, let server, let condition):
            "set server \(backend)/\(server) state \(condition.rawValue)"
        case .addMap(let path, let key, let value): "add map \(path) \(key) \(value)"
        case .setMap(let path, let key, let value): "set map \(path) \(key) \(value)"
        case .delMap(let path, let key): "del map \(path) \(key)"
        case .showMap(let path): "show map \(path)"
        case .showServersState(let backend): "show servers state" + (backend.map { " \($0)" } ?? "")
        case .showStat(let backendsOnly): backendsOnly ? "show stat -1 2 -1" : "show stat"
        case .showInfo: "show info"
        }
    }

    /// Whether this answer means that the command did what it says.
    func isSuccess(_ answer: String) -> Bool {
        switch self {
        case .setServer:
            // It tells what changed, even if nothing did: "IP changed from 'a' to 'b', no need to change the port…".
            (answer.hasPrefix("IP changed from ") || answer.hasPrefix("no need to change the addr"))
                && !answer.contains("incompatible")
        case .setState, .addMap, .setMap: answer.isEmpty
        case .delMap: answer.isEmpty || answer == "Key not found."
        case .showMap: answer.isEmpty || answer.hasPrefix("0x")
        case .showServersState: answer.hasPrefix("1\n#")
        case .showStat: answer.hasPrefix("# pxname,")
        case .showInfo: answer.hasPrefix("Name: ")
        }
    }
}

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
    /// The rows of one backend and its servers.
    case showStatOf(backend: HAProxyName)
    /// The rows of the stick table of that name.
    case showTable(HAProxyName)
    case showInfo
    /// Makes room for a certificate that the configuration does not name.
    case newCertificate(path: PathToken)
    /// Lays another chain and key beside those of a certificate, until ``commitCertificate(path:)``. The path is only
    /// a name: no file is read.
    case setCertificate(path: PathToken, PEMText)
    /// What was laid beside is served to new connections.
    case commitCertificate(path: PathToken)
    /// Serves a certificate by a list of them (Configuration Manual, 5.1, `crt-list`).
    case listCertificate(list: PathToken, path: PathToken)
    case unlistCertificate(list: PathToken, path: PathToken)
    /// Refused while a list holds it.
    case deleteCertificate(path: PathToken)

    /// The command as HAProxy reads it, without the end of line and without a payload.
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
        case .showStatOf(let backend): "show stat \(backend) 7 -1"
        case .showTable(let name): "show table \(name)"
        case .showInfo: "show info"
        case .newCertificate(let path): "new ssl cert \(path)"
        case .setCertificate(let path, _): "set ssl cert \(path) <<"
        case .commitCertificate(let path): "commit ssl cert \(path)"
        case .listCertificate(let list, let path): "add ssl crt-list \(list) \(path)"
        case .unlistCertificate(let list, let path): "del ssl crt-list \(list) \(path)"
        case .deleteCertificate(let path): "del ssl cert \(path)"
        }
    }

    /// Whether HAProxy's buffer holds the command; one with a long payload it does not.
    public var isShort: Bool { description.utf8.count + (payload?.utf8.count ?? 0) <= RuntimeRequest.maximumPayload }

    /// What follows on lines of its own, up to an empty one.
    var payload: String? {
        if case .setCertificate(_, let pem) = self { pem.text } else { nil }
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
        case .showStatOf: answer.hasPrefix("# pxname,")
        case .showTable: answer.hasPrefix("# table: ")
        case .showInfo: answer.hasPrefix("Name: ")
        case .newCertificate: answer.hasPrefix("New empty certificate store ")
        // Before it stands a "+ " for each line of the payload.
        case .setCertificate: answer.contains("Transaction created for certificate ")
        case .commitCertificate, .listCertificate: answer.hasSuffix("Success!")
        case .unlistCertificate: answer.hasPrefix("Entry '") && answer.contains(" deleted in crtlist ")
        case .deleteCertificate: answer.hasPrefix("Certificate '") && answer.hasSuffix(" deleted!")
        }
    }
}

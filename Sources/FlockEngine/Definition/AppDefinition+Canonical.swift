import Foundation
import Marathon

extension AppDefinition {
    /// Says the same without Marathon's deprecated keys: `ports`, `uris`, `container.docker.network` and
    /// `container.docker.portMappings`; ids are absolute. Source: Marathon's AppNormalization.forDeprecatedUpdates.
    /// - Parameter base: the group that a relative id starts from.
    /// - Throws: ``EngineError`` of code `invalid` when a deprecated key and its successor disagree.
    func canonical(under base: String) throws -> AppDefinition {
        var canonical = self
        var violations = Violations()
        if let id {
            canonical.id = DefinitionPath.resolve(id, under: base)
            violations.require(canonical.id != nil, "/id", DefinitionPath.outside)
        }
        canonical.dependencies = dependencies?.enumerated().compactMap { index, dependency in
            // A dependency is a neighbour of the app.
            let resolved = DefinitionPath.resolve(
                dependency, under: canonical.id.map(DefinitionPath.parent) ?? base)
            violations.require(resolved != nil, "/dependencies(\(index))", DefinitionPath.outside)
            return resolved
        }
        canonical.translatePorts(&violations)
        canonical.translateArtifacts(&violations)
        canonical.translateNetworks(&violations)
        try violations.check()
        return canonical
    }

    private mutating func translatePorts(_ violations: inout Violations) {
        guard let ports else { return }
        let numbers = ports.filter { $0 != 0 }
        violations.require(Set(numbers).count == numbers.count, "", "ports must be unique")
        if let portDefinitions {
            violations.require(
                portDefinitions.map(\.port) == ports, "", "cannot specify both ports and port definitions")
        } else {
            portDefinitions = ports.map { PortDefinition(port: $0) }
        }
        self.ports = nil
    }

    private mutating func translateArtifacts(_ violations: inout Violations) {
        guard let uris else { return }
        if fetch?.isEmpty != false {
            fetch = uris.map { uri in Fetch(uri: uri, extract: Self.archives.contains { uri.hasSuffix($0) }) }
        } else {
            violations.require(uris.isEmpty, "/uris", "may not be set in conjunction with fetch")
        }
        self.uris = nil
    }

    private mutating func translateNetworks(_ violations: inout Violations) {
        if let mappings = container?.docker?.portMappings {
            violations.require(
                mappings.isEmpty || container?.portMappings?.isEmpty != false, "",
                "cannot specify both portMappings and docker.portMappings")
            if container?.portMappings?.isEmpty != false { container?.portMappings = mappings }
            container?.docker?.portMappings = nil
        }
        if let network = container?.docker?.network {
            violations.require(
                networks?.isEmpty != false, "", "must not specify both container.docker.network and networks")
            let mode =
                switch network {
                case "BRIDGE": "container/bridge"
                case "USER": "container"
                default: "host"
                }
            networks = [Network(mode: mode)]
            container?.docker?.network = nil
        }
    }

    /// What Mesos' fetcher unpacks.
    private static let archives = [".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip"]
}

import Marathon

/// What the tasks of an app need.
extension AppDefinition {
    var isOnHostNetwork: Bool { (networks ?? []).allSatisfy { $0.mode == "host" } }

    /// How many host ports each task gets.
    var portCount: Int { servicePorts.count }

    /// One for each port, in order; 0 where none was given yet.
    var servicePorts: [Int] {
        guard isOnHostNetwork else { return (container?.portMappings ?? []).map { $0.servicePort ?? 0 } }
        return portDefinitions?.map(\.port) ?? ports ?? []
    }

    /// One for each port, in order.
    var portNames: [String?] {
        guard isOnHostNetwork else { return (container?.portMappings ?? []).map(\.name) }
        return portDefinitions?.map(\.name) ?? (ports ?? []).map { _ in nil }
    }

    /// What is put into the sandbox before the start.
    var artifacts: [Fetch] { fetch ?? (uris ?? []).map { Fetch(uri: $0) } }

    /// What one task takes of a machine; its ports are ``portCount``.
    var resources: Resources { Resources(cpus: cpus ?? 1, mem: mem ?? 128, disk: disk ?? 0) }

    /// Why tasks cannot run as processes of one machine; `nil` when they can.
    var obstacle: String? {
        if let image = container?.docker?.image { return "the image \(image) needs a container runtime" }
        if !isOnHostNetwork { return "the network \(networks?.first?.mode ?? "container") needs a container runtime" }
        return nil
    }
}

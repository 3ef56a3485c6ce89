import Marathon

extension AppDefinition {
    /// The definition with every default filled in, as Marathon from 1.8 on answers it. What is complete stays as it
    /// is. Source: Marathon's AppNormalization and `types/app.raml`.
    /// - Parameters:
    ///   - existing: what the app was: a service port that it was given stays with its index, or asking for any port
    ///     again would restart the app.
    ///   - servicePort: a free one that is not in the set; `nil` when there is none.
    /// - Throws: ``EngineError`` of code `invalid` when no service port is free.
    func completed(keeping existing: AppDefinition?, servicePort: (Set<Int>) -> Int?) throws -> AppDefinition {
        var app = self
        if args?.isEmpty == true { app.args = nil }
        app.executor = executor ?? ""
        app.cpus = cpus ?? 1
        app.mem = mem ?? 128
        app.disk = disk ?? 0
        app.gpus = gpus ?? 0
        app.instances = instances ?? 1
        app.env = env ?? [:]
        app.labels = labels ?? [:]
        app.requirePorts = requirePorts ?? false
        app.fetch = fetch ?? []
        app.constraints = constraints ?? []
        app.dependencies = dependencies ?? []
        app.upgradeStrategy = upgradeStrategy ?? (isSingleInstance ? Self.replacing : UpgradeStrategy())
        app.killSelection = killSelection ?? "YOUNGEST_FIRST"
        app.unreachableStrategy =
            unreachableStrategy ?? .enabled(inactiveAfterSeconds: 0, expungeAfterSeconds: 0)
        app.backoffSeconds = backoffSeconds ?? 1
        app.backoffFactor = backoffFactor ?? 1.15
        app.maxLaunchDelaySeconds = maxLaunchDelaySeconds ?? 300
        if networks?.isEmpty != false { app.networks = [Network()] }
        try app.completePorts(keeping: existing, servicePort)
        if app.container?.volumes == nil { app.container?.volumes = [] }
        app.healthChecks = (healthChecks ?? []).map(Self.completed)
        app.readinessChecks = (readinessChecks ?? []).map { check in
            var check = check
            if check.httpStatusCodesForReady.isEmpty { check.httpStatusCodesForReady = [200] }
            return check
        }
        return app
    }

    /// Marathon's label for apps of which two instances must never run at a time.
    var isSingleInstance: Bool { labels?["MARATHON_SINGLE_INSTANCE_APP"] == "true" }

    /// The old task goes before the new one comes.
    private static let replacing = UpgradeStrategy(minimumHealthCapacity: 0, maximumOverCapacity: 0)

    /// Ports are `portDefinitions` on the host's network and the container's `portMappings` on any other.
    private mutating func completePorts(keeping existing: AppDefinition?, _ servicePort: (Set<Int>) -> Int?) throws {
        var given: [Int]
        if isOnHostNetwork {
            container?.portMappings = nil
            portDefinitions = portDefinitions ?? [PortDefinition(name: "default")]
            given = servicePorts
        } else {
            requirePorts = false
            let count = portDefinitions?.count ?? 0
            portDefinitions = nil
            var mappings = container?.portMappings ?? []
            if mappings.isEmpty { mappings = [.init(containerPort: 0, name: "default")] }
            while mappings.count < count { mappings.append(.init(containerPort: 0)) }
            for index in mappings.indices {
                mappings[index].containerPort = mappings[index].containerPort ?? 0
                mappings[index].protocol = mappings[index].protocol ?? "tcp"
                if networks?.first?.mode == "container/bridge" {
                    mappings[index].hostPort = mappings[index].hostPort ?? 0
                }
            }
            container = container ?? Container()
            container?.portMappings = mappings
            given = servicePorts
        }
        var taken = Set(given).subtracting([0])
        let kept = existing?.servicePorts ?? []
        for index in given.indices where given[index] == 0 {
            if kept.indices.contains(index), kept[index] != 0, !taken.contains(kept[index]) {
                given[index] = kept[index]
            } else if let free = servicePort(taken) {
                given[index] = free
            } else {
                throw EngineError(
                    code: .invalid, message: "Object is not valid",
                    details: [
                        .init(
                            path: "/portDefinitions(\(index))/port",
                            errors: ["no service port is free; give a number or delete apps"])
                    ])
            }
            taken.insert(given[index])
        }
        for index in given.indices {
            if isOnHostNetwork {
                portDefinitions?[index].port = given[index]
                if portDefinitions?[index].labels?.isEmpty == true { portDefinitions?[index].labels = nil }
            } else {
                container?.portMappings?[index].servicePort = given[index]
            }
        }
    }

    private static func completed(_ check: HealthCheck) -> HealthCheck {
        guard let kind = HealthCheckProtocol(rawValue: check.protocol) else { return check }
        var check = check
        if kind == .command {
            (check.port, check.portIndex) = (nil, nil)
        } else {
            check.command = nil
            if check.port == nil && check.portIndex == nil { check.portIndex = 0 }
        }
        if kind.hasPath {
            let path = check.path ?? "/"
            check.path = path.hasPrefix("/") ? path : "/" + path
        } else {
            check.path = nil
        }
        check.delaySeconds = kind.isMesos ? check.delaySeconds ?? 15 : nil
        check.ignoreHttp1xx = kind == .http || kind == .https ? check.ignoreHttp1xx ?? false : nil
        return check
    }
}

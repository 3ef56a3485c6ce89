import FlockCore
import Foundation
import Marathon

extension AppDefinition {
    /// Holds a complete definition against Marathon's rules, and the bounds within which the engine can calculate.
    /// Source: Marathon's AppValidation, SchedulingValidation and NetworkValidation.
    /// - Throws: ``EngineError`` of code `invalid` with all that is wrong.
    func validate() throws {
        try violations().check()
    }

    func violations() -> Violations {
        var violations = Violations()
        for error in DefinitionPath.violations(of: id ?? DefinitionPath.root) { violations.add("/id", error) }
        checkCommand(&violations)
        checkNumbers(&violations)
        checkPorts(&violations)
        checkNetworks(&violations)
        checkHealthChecks(&violations)
        checkReadinessChecks(&violations)
        checkConstraints(&violations)
        checkArtifacts(&violations)
        checkTexts(&violations)
        for (index, dependency) in (dependencies ?? []).enumerated() where dependency != DefinitionPath.root {
            for error in DefinitionPath.violations(of: dependency) { violations.add("/dependencies(\(index))", error) }
        }
        return violations
    }

    // MARK: What runs

    private func checkCommand(_ violations: inout Violations) {
        let hasArguments = args?.isEmpty == false
        let hasBoth = cmd != nil && hasArguments
        violations.require(
            (cmd != nil) != hasArguments || (!hasBoth && container?.docker != nil), "",
            "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.")
        violations.require((cmd ?? "  ").utf16.count > 1, "", "must not be an empty string")
        violations.require(container?.type != "DOCKER" || container?.docker != nil, "/container/docker", "not defined")
        if isSingleInstance {
            violations.require((instances ?? 1) <= 1, "", "Single instance app may only have one instance")
            for (key, value) in strategyValues where value != 0 {
                violations.add("/upgradeStrategy/\(key)", "got \(value), expected 0.0")
            }
        }
    }

    private var strategyValues: [(key: String, value: Double)] {
        guard let strategy = upgradeStrategy else { return [] }
        return [
            ("minimumHealthCapacity", strategy.minimumHealthCapacity),
            ("maximumOverCapacity", strategy.maximumOverCapacity),
        ]
    }

    /// Far above what one machine has, and low enough for arithmetic.
    private static let most = (
        instances: 10_000.0, cpus: 100_000.0, mebibytes: 1e12, factor: 1000.0, week: 604_800.0
    )

    private func checkNumbers(_ violations: inout Violations) {
        func between(_ value: Double?, _ least: Double, _ most: Double, _ path: String) {
            guard let value, !(value >= least && value <= most) else { return }
            violations.add(
                path, "got \(Self.text(value)), expected between \(Self.text(least)) and \(Self.text(most))")
        }
        let most = Self.most
        between(instances.map(Double.init), 0, most.instances, "/instances")
        between(cpus, 0.001, most.cpus, "/cpus")
        between(mem, 0, most.mebibytes, "/mem")
        between(disk, 0, most.mebibytes, "/disk")
        between(gpus, 0, most.cpus, "/gpus")
        between(backoffFactor, 1, most.factor, "/backoffFactor")
        between(backoffSeconds, 0, most.week, "/backoffSeconds")
        between(maxLaunchDelaySeconds, 0, most.week, "/maxLaunchDelaySeconds")
        between(taskKillGracePeriodSeconds, 0, most.week, "/taskKillGracePeriodSeconds")
        for (key, value) in strategyValues where !(0...1).contains(value) {
            violations.add("/upgradeStrategy/\(key)", "got \(value), expected between 0.0 and 1.0")
        }
        for (index, check) in (healthChecks ?? []).enumerated() {
            let path = "/healthChecks(\(index))"
            between(check.gracePeriodSeconds, 0, most.week, path + "/gracePeriodSeconds")
            between(check.intervalSeconds, 0, most.week, path + "/intervalSeconds")
            between(check.timeoutSeconds, 0, most.week, path + "/timeoutSeconds")
            between(check.delaySeconds, 0, most.week, path + "/delaySeconds")
            violations.require(
                check.intervalSeconds != 0, path + "/intervalSeconds", "got 0, expected more than 0")
            violations.require(check.timeoutSeconds != 0, path + "/timeoutSeconds", "got 0, expected more than 0")
            violations.require(
                check.maxConsecutiveFailures >= 0, path + "/maxConsecutiveFailures",
                "got \(check.maxConsecutiveFailures), expected 0 or more")
        }
        for (index, check) in (readinessChecks ?? []).enumerated() {
            between(check.intervalSeconds, 0, most.week, "/readinessChecks(\(index))/intervalSeconds")
            between(check.timeoutSeconds, 0, most.week, "/readinessChecks(\(index))/timeoutSeconds")
        }
        if case .enabled(let inactive, let expunge) = unreachableStrategy {
            between(inactive, 0, most.week, "/unreachableStrategy/inactiveAfterSeconds")
            between(expunge, 0, most.week, "/unreachableStrategy/expungeAfterSeconds")
            violations.require(
                inactive <= expunge, "/unreachableStrategy/expungeAfterSeconds",
                "got \(Self.text(expunge)), expected \(Self.text(inactive)) or more")
        }
        if let killSelection {
            violations.require(
                ["YOUNGEST_FIRST", "OLDEST_FIRST"].contains(killSelection), "/killSelection",
                "is not one of (YOUNGEST_FIRST,OLDEST_FIRST)")
        }
    }

    /// As JSON would have it: no `.0` behind a whole number.
    private static func text(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }

    // MARK: Ports and networks

    private func checkPorts(_ violations: inout Violations) {
        let (path, key) =
            isOnHostNetwork ? ("/portDefinitions", "port") : ("/container/portMappings", "servicePort")
        for (index, port) in servicePorts.enumerated() where !(0...65535).contains(port) {
            violations.add("\(path)(\(index))/\(key)", "got \(port), expected between 0 and 65535")
        }
        let numbers = servicePorts.filter { $0 != 0 }
        violations.require(Set(numbers).count == numbers.count, path, "Ports must be unique.")
        let names = portNames.compactMap(\.self)
        violations.require(Set(names).count == names.count, path, "Port names must be unique.")
        for (index, name) in portNames.enumerated() {
            guard let name else { continue }
            let isPlain = name.utf8.allSatisfy {
                Self.isAlphanumeric($0) || [UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_")].contains($0)
            }
            violations.require(
                isPlain && !name.isEmpty && name.utf8.count <= 255, "\(path)(\(index))/name",
                "must fully match regular expression '^[a-zA-Z0-9._\\-]{1,255}$'")
        }
        violations.require(portCount <= 256, path, "got \(portCount) ports, expected 256 or less")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private func checkNetworks(_ violations: inout Violations) {
        let networks = networks ?? []
        func named(_ mode: String) -> [Network] { networks.filter { $0.mode == mode } }
        let (host, bridge, container) = (named("host"), named("container/bridge"), named("container"))
        violations.require(
            host.allSatisfy { ($0.name ?? "").isEmpty && ($0.labels ?? [:]).isEmpty }, "/networks",
            "Host networks may not have names or labels")
        violations.require(
            bridge.allSatisfy { ($0.name ?? "").isEmpty }, "/networks", "Bridge networks may not have names")
        let names = networks.compactMap(\.name)
        violations.require(
            Set(names).count == names.count && container.count { $0.name == nil } < 2, "/networks",
            "Duplicate networks are not allowed")
        let kinds = [host, bridge, container].count { !$0.isEmpty }
        violations.require(
            kinds <= 1 && host.count <= 1 && bridge.count <= 1
                && host.count + bridge.count + container.count
                    == networks.count,
            "/networks",
            "May specify a single host network, single bridge network, or else 1-to-n container networks")
        violations.require(
            container.allSatisfy { $0.name != nil }, "/networks",
            "Network name must be specified when container network is selected.")
    }

    // MARK: Checks

    private func checkHealthChecks(_ violations: inout Violations) {
        let checks = healthChecks ?? []
        violations.require(Set(checks).count == checks.count, "/healthChecks", "Elements must be unique.")
        for (index, check) in checks.enumerated() {
            let path = "/healthChecks(\(index))"
            guard let kind = HealthCheckProtocol(rawValue: check.protocol) else {
                let known = HealthCheckProtocol.allCases.map(\.rawValue).joined(separator: ",")
                violations.add(path + "/protocol", "is not one of (\(known))")
                continue
            }
            if kind == .command {
                violations.require(
                    check.command?.value.isEmpty == false, path + "/command",
                    "a COMMAND health check must have a command with a value")
            } else if let portIndex = check.portIndex {
                violations.require(
                    (0..<portCount).contains(portIndex), path,
                    "Health check port indices must address an element of the ports array or container port mappings.")
            }
            if let port = check.port {
                violations.require(
                    (0...65535).contains(port), path + "/port", "got \(port), expected between 0 and 65535")
            }
            violations.require(
                (check.path ?? "").unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }, path + "/path",
                "must not have spaces or control characters")
            violations.require(
                check.command?.value.utf8.contains(0) != true, path + "/command/value", "must not have a NUL character")
        }
        // Commands are not counted, as apps with several of them were let in once.
        let mesos = checks.count { HealthCheckProtocol(rawValue: $0.protocol)?.isMesos == true && $0.command == nil }
        violations.require(mesos <= 1, "", "AppDefinition can contain at most one Mesos health check")
    }

    private func checkReadinessChecks(_ violations: inout Violations) {
        let checks = readinessChecks ?? []
        violations.require(checks.count <= 1, "/readinessChecks", "got \(checks.count), expected 1 or less")
        let names = Set(portNames.compactMap(\.self))
        for (index, check) in checks.enumerated() {
            let path = "/readinessChecks(\(index))"
            violations.require(
                names.contains(check.portName), path + "/portName",
                "No port definition reference for portName \(check.portName)")
            violations.require(
                check.timeoutSeconds < check.intervalSeconds, path + "/timeoutSeconds",
                "got \(Self.text(check.timeoutSeconds)), expected less than \(Self.text(check.intervalSeconds))")
        }
    }

    // MARK: Placement

    private func checkConstraints(_ violations: inout Violations) {
        for (index, constraint) in (constraints ?? []).enumerated() {
            if let error = Self.error(of: constraint) { violations.add("/constraints(\(index))", error) }
        }
        let all = constraints ?? []
        violations.require(Set(all).count == all.count, "/constraints", "Elements must be unique.")
        violations.require(acceptedResourceRoles?.isEmpty != true, "/acceptedResourceRoles", "must not be empty")
    }

    private static func error(of constraint: [String]) -> String? {
        guard (2...3).contains(constraint.count) else { return "Each constraint must have either 2 or 3 fields" }
        guard !constraint[0].isEmpty else { return "Missing field and operator" }
        let value = constraint.count == 3 ? constraint[2] : nil
        switch constraint[1] {
        case "UNIQUE": return value == nil ? nil : "Value specified but not used"
        case "CLUSTER", "IS": return value == nil ? "Missing value" : nil
        case "GROUP_BY":
            return value.map { Int32($0) == nil } == true ? "Value was specified but is not a number" : nil
        case "MAX_PER":
            return value.flatMap { Int32($0) } == nil ? "Value was not specified or is not a number" : nil
        case "LIKE", "UNLIKE":
            guard let value else { return "A regular expression value must be provided" }
            // Long ones are refused unread: nobody writes them, and compiling is not free.
            guard value.utf16.count <= 1024, (try? NSRegularExpression(pattern: value)) != nil else {
                return "'\(value.prefix(1024))' is not a valid regular expression"
            }
            return nil
        default:
            return "Constraint operator must be one of the following "
                + "UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS"
        }
    }

    // MARK: Texts

    private func checkArtifacts(_ violations: inout Violations) {
        for (index, artifact) in (fetch ?? []).enumerated() {
            violations.require(
                Self.isAddress(artifact.uri), "/fetch(\(index))/uri", "URI has invalid syntax.")
            if let path = artifact.destPath {
                violations.require(
                    Self.isInside(path), "/fetch(\(index))/destPath", "must be a path inside the sandbox")
            }
        }
    }

    /// Looks at bytes, as the system does: to Swift a slash with an accent is another character.
    private static func isInside(_ path: String) -> Bool {
        let slash = UInt8(ascii: "/")
        return path.utf8.first.map { $0 != slash } == true && !path.utf8.contains(0)
            && !path.utf8.split(separator: slash).contains { $0.elementsEqual("..".utf8) }
    }

    /// Of a kind that the engine can fetch.
    private static func isAddress(_ uri: String) -> Bool {
        guard !uri.utf8.contains(0) else { return false }
        if uri.hasPrefix("/") { return uri.count > 1 }
        guard let url = URL(string: uri), let scheme = url.scheme?.lowercased() else { return false }
        return scheme == "file" ? !url.path.isEmpty : ["http", "https"].contains(scheme) && url.host?.isEmpty == false
    }

    /// Linux takes two MiB of arguments and variables, of which the engine's own need some.
    private static let sizeLimit = 1 << 20

    private func checkTexts(_ violations: inout Violations) {
        for (name, value) in (env ?? [:]).sorted(by: { $0.key < $1.key }) {
            violations.require(
                !name.isEmpty && !name.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "=") }, "/env/\(name)",
                "must not be empty, and have no = and no NUL character")
            violations.require(!value.utf8.contains(0), "/env/\(name)", "must not have a NUL character")
        }
        violations.require(labels?[""] == nil, "/labels", "must not have an empty name")
        for (path, text) in [("/cmd", cmd), ("/user", user), ("/executor", executor)] {
            violations.require(text?.utf8.contains(0) != true, path, "must not have a NUL character")
        }
        for (index, text) in (args ?? []).enumerated() where text.utf8.contains(0) {
            violations.add("/args(\(index))", "must not have a NUL character")
        }
        let texts =
            [cmd ?? ""] + (args ?? []) + [env ?? [:], labels ?? [:]].flatMap { $0.flatMap { [$0.key, $0.value] } }
        let size = texts.reduce(0) { $0 + $1.utf8.count + 1 }
        violations.require(
            size <= Self.sizeLimit, "",
            "cmd, args, env and labels have \(size) bytes, expected \(Self.sizeLimit) or less")
    }
}

import FlockCore
import Foundation
import Marathon

extension AppDefinition {
    /// Takes over every key that the change gives; `env`, `labels` and lists are replaced whole.
    mutating func overlay(_ change: AppDefinition) {
        cmd = change.cmd ?? cmd
        args = change.args ?? args
        cpus = change.cpus ?? cpus
        mem = change.mem ?? mem
        disk = change.disk ?? disk
        instances = change.instances ?? instances
        env = change.env ?? env
        labels = change.labels ?? labels
        ports = change.ports ?? ports
        requirePorts = change.requirePorts ?? requirePorts
        uris = change.uris ?? uris
        user = change.user ?? user
        healthChecks = change.healthChecks ?? healthChecks
        upgradeStrategy = change.upgradeStrategy ?? upgradeStrategy
        backoffSeconds = change.backoffSeconds ?? backoffSeconds
        backoffFactor = change.backoffFactor ?? backoffFactor
        maxLaunchDelaySeconds = change.maxLaunchDelaySeconds ?? maxLaunchDelaySeconds
        taskKillGracePeriodSeconds = change.taskKillGracePeriodSeconds ?? taskKillGracePeriodSeconds
        dependencies = change.dependencies ?? dependencies
    }

    /// Marathon's defaults, from 1.8 on.
    /// - Parameter servicePort: a free one that is not in the set.
    mutating func fillDefaults(keeping old: AppDefinition?, servicePort: (Set<Int>) -> Int) {
        cpus = cpus ?? 1
        mem = mem ?? 128
        disk = disk ?? 0
        instances = instances ?? 1
        env = env ?? [:]
        labels = labels ?? [:]
        requirePorts = requirePorts ?? false
        uris = uris ?? []
        upgradeStrategy = upgradeStrategy ?? UpgradeStrategy()
        backoffSeconds = backoffSeconds ?? 1
        backoffFactor = backoffFactor ?? 1.15
        maxLaunchDelaySeconds = maxLaunchDelaySeconds ?? 300
        dependencies = dependencies ?? []
        healthChecks = (healthChecks ?? []).map { check in
            var check = check
            check.portIndex = check.portIndex ?? 0
            if let path = check.path, !path.hasPrefix("/") { check.path = "/" + path }
            return check
        }
        var ports = ports ?? [0]
        for index in ports.indices where ports[index] == 0 {
            // A service port once given stays, or asking for any port again would restart the app.
            let kept = old?.ports.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            ports[index] = kept ?? servicePort(Set(ports))
        }
        self.ports = ports
    }

    /// Marathon's rules, with its paths and wording where they are known.
    func validate() throws {
        var details: [EngineError.Detail] = []
        func require(_ condition: Bool, _ path: String, _ error: String) {
            if !condition { details.append(.init(path: path, errors: [error])) }
        }
        require(
            AppID.isValid(id ?? "") && !Self.reserved.contains((id ?? "").split(separator: "/").last ?? ""), "/id",
            "must fully match regular expression for path segments of lower-case letters, digits, hyphens and dots")
        require(
            (cmd?.count ?? 0) > 1 || args?.isEmpty == false, "/",
            "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.")
        require(cmd == nil || args == nil, "/", "AppDefinition must not contain both 'cmd' and 'args'.")
        require(
            (instances ?? 0) >= 0 && (instances ?? 0) <= 10_000, "/instances",
            "got \(instances ?? 0), expected 0 or more")
        require((cpus ?? 0) >= 0.001, "/cpus", "got \(cpus ?? 0), expected 0.001 or more")
        require((mem ?? 0) >= 0, "/mem", "got \(mem ?? 0), expected 0 or more")
        require((backoffFactor ?? 1) >= 1, "/backoffFactor", "got \(backoffFactor ?? 1), expected 1.0 or more")
        let range = 0.0...1.0
        if let strategy = upgradeStrategy {
            require(
                range.contains(strategy.minimumHealthCapacity), "/upgradeStrategy/minimumHealthCapacity",
                "got \(strategy.minimumHealthCapacity), expected between 0.0 and 1.0")
            require(
                range.contains(strategy.maximumOverCapacity), "/upgradeStrategy/maximumOverCapacity",
                "got \(strategy.maximumOverCapacity), expected between 0.0 and 1.0")
        }
        for (index, port) in (ports ?? []).enumerated() {
            require((0...65535).contains(port), "/ports(\(index))", "got \(port), expected between 0 and 65535")
        }
        let numbers = (ports ?? []).filter { $0 != 0 }
        require(Set(numbers).count == numbers.count, "/ports", "Elements must be unique")
        for (index, check) in (healthChecks ?? []).enumerated() {
            let path = "/healthChecks(\(index))"
            require(
                ["HTTP", "TCP"].contains(check.protocol), "\(path)/protocol",
                "\(check.protocol) is not supported; use HTTP or TCP")
            require(
                (ports ?? []).indices.contains(check.portIndex ?? 0), path,
                "Health check port indices must address an element of the ports array or container port mappings.")
            require(
                check.intervalSeconds > 0, "\(path)/intervalSeconds",
                "got \(check.intervalSeconds), expected more than 0")
            require(
                check.timeoutSeconds > 0, "\(path)/timeoutSeconds", "got \(check.timeoutSeconds), expected more than 0")
            require(check.maxConsecutiveFailures >= 0, "\(path)/maxConsecutiveFailures", "expected 0 or more")
        }
        // Longer than any of them makes sense, and short enough for arithmetic.
        let times = (healthChecks ?? []).flatMap { [$0.intervalSeconds, $0.timeoutSeconds, $0.gracePeriodSeconds] }
        for seconds in times + [backoffSeconds, maxLaunchDelaySeconds, taskKillGracePeriodSeconds].compactMap(\.self) {
            require((0...604_800).contains(seconds), "/", "got \(seconds) seconds, expected between 0 and 604800")
        }
        require((backoffFactor ?? 1) <= 1000, "/backoffFactor", "got \(backoffFactor ?? 1), expected 1000.0 or less")
        for (index, uri) in (uris ?? []).enumerated() {
            let scheme = URL(string: uri)?.scheme
            require(
                uri.hasPrefix("/") || ["http", "https", "file"].contains(scheme), "/uris(\(index))",
                "URI has invalid syntax.")
        }
        for (name, value) in env ?? [:] {
            require(
                !name.isEmpty && !name.contains("=") && !name.utf8.contains(0) && !value.utf8.contains(0),
                "/env(\(name))", "is no environment variable")
        }
        require(!(cmd ?? "").utf8.contains(0), "/cmd", "has a NUL character")
        guard details.isEmpty else {
            throw EngineError(code: .invalid, message: "Object is not valid", details: details)
        }
    }

    /// The API has these words behind an id.
    private static let reserved: Set<Substring> = ["restart", "tasks", "versions"]
}

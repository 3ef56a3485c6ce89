import FlockCore
import Marathon

/// The Marathon app for one commit of a program. Only forms that every Marathon accepts.
struct AppBlueprint: Sendable, Hashable {
    var descriptor: Descriptor
    var name: AppName
    var branch: String
    var version: String
    var commit: String
    var deploy: Int64
    /// `nil` for a preview, which is no release.
    var release: Int?
    /// The descriptor's, with secrets filled in.
    var env: [String: String]
    /// Where a task fetches the code; `nil` where it runs an image.
    var artifact: String?
    /// Ids of apps that Marathon starts before this one, and stops after it.
    var dependencies: [String] = []
    /// The program's folder within the code.
    var folder = ""

    /// - Parameter instances: `nil` leaves the number to what it was.
    func definition(instances: Int?) -> AppDefinition {
        var app = AppDefinition(id: name.id)
        app.cmd = descriptor.command.map { enter + $0 }
        app.cpus = descriptor.cpus
        app.mem = descriptor.mem
        app.disk = 0
        app.instances = instances
        app.env = ["NODE_ENV": "production"].merging(env) { _, own in own }
        app.ports = Array(repeating: 0, count: descriptor.ports)
        app.uris = artifact.map { [$0] } ?? []
        if let image = descriptor.image { run(image, &app) }
        app.healthChecks = descriptor.checks.map(HealthCheck.init)
        app.upgradeStrategy = UpgradeStrategy(minimumHealthCapacity: 1, maximumOverCapacity: 1)
        app.labels = labels
        // Named also where there are none: what is left out stays as it was.
        app.dependencies = dependencies
        return app
    }

    /// Goes where the program is, and finds commands of its dependencies, as npm does for its scripts.
    private var enter: String {
        guard descriptor.image == nil else { return "" }
        return (folder.isEmpty ? "" : "cd \(BuildScript.quoted(folder)) && ")
            + (descriptor.package.hasDependencies ? "PATH=\"$PWD/node_modules/.bin:$PATH\" && export PATH && " : "")
    }

    private func run(_ image: Descriptor.Image, _ app: inout AppDefinition) {
        let mappings = (0..<descriptor.ports).map { index in
            Container.PortMapping(containerPort: index == 0 ? image.port : 0, hostPort: 0)
        }
        let isBridge = image.network == .bridge
        app.container = Container(
            Container.Docker(
                image: image.name, network: image.network.rawValue, portMappings: isBridge ? mappings : nil,
                forcePullImage: image.pull))
        if isBridge { app.ports = nil }
    }

    private var labels: [String: String] {
        var labels = [
            Label.app: name.slug.text, Label.version: version, Label.commit: commit, Label.deploy: String(deploy),
        ]
        if let release { labels[Label.release] = String(release) }
        // A preview answers at its own name only, or it would take production's.
        if case .version = name.kind, !descriptor.hosts.isEmpty {
            labels[Label.hosts] = descriptor.hosts.map(\.description).joined(separator: ",")
        }
        var scale = descriptor.scale
        // The number in the descriptor is also the most that the scaler uses.
        if scale.max == nil { scale.max = max(1, descriptor.instances) }
        labels[Label.scale] = scale.label
        if !descriptor.http.isEmpty { labels[Label.http] = descriptor.http.label }
        if case .preview = name.kind { labels[Label.preview] = branch }
        return labels
    }
}

extension HealthCheck {
    fileprivate init(_ check: Descriptor.Check) {
        let (name, path): (String, String?) =
            switch check.kind {
            case .http(let path): ("HTTP", path)
            case .tcp: ("TCP", nil)
            case .command: ("COMMAND", nil)
            }
        self.init(
            protocol: name, path: path, portIndex: check.portIndex,
            gracePeriodSeconds: check.grace / .seconds(1), intervalSeconds: check.interval / .seconds(1),
            timeoutSeconds: check.timeout / .seconds(1), maxConsecutiveFailures: check.maxConsecutiveFailures)
        if case .command(let line) = check.kind {
            portIndex = nil
            command = Command(value: line)
        }
    }
}

import FlockCore
import Marathon

/// A build as Marathon sees it: an app of one task, which no other part takes for one of its own.
struct BuildApp: Sendable, Hashable {
    static let role = "build"
    private static let group = "/flock/build/"

    var deploy: Int64
    var script: String
    var env: [String: String]
    /// Where the task fetches the source, and installed dependencies.
    var source: String
    var cache: String?
    var settings: Settings.Build

    static func id(of deploy: Int64) -> String { "\(group)\(deploy)" }

    /// The deploy that an app is the build of.
    static func deploy(of app: App) -> Int64? {
        guard app.labels[Label.role] == role, app.id.hasPrefix(group) else { return nil }
        return Int64(app.id.dropFirst(group.count))
    }

    var definition: AppDefinition {
        var app = AppDefinition(id: Self.id(of: deploy))
        app.cmd = script
        app.cpus = settings.cpus
        app.mem = settings.mem
        app.disk = 0
        app.instances = 1
        app.ports = []
        app.env = Self.environment.merging(env) { _, own in own }
        // Unpacked by the script, apart from the sandbox's own files.
        app.fetch = [Fetch(uri: source, extract: false, destPath: BuildScript.source)]
        if let cache { app.fetch?.append(Fetch(uri: cache, extract: false, destPath: BuildScript.cache)) }
        app.labels = [Label.role: Self.role, Label.deploy: String(deploy)]
        // A build that ends has failed; it is not to be started again.
        app.backoffSeconds = 3600
        app.maxLaunchDelaySeconds = 3600
        app.taskKillGracePeriodSeconds = 10
        return app
    }

    private static let environment = [
        "NODE_ENV": "production", "CI": "true", "npm_config_audit": "false", "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
    ]
}

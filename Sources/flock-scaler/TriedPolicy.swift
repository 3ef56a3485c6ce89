import FlockCore
import FlockDaemon

/// A policy that is simulated, and where it came from.
struct TriedPolicy {
    var name: String
    var policy: ScalePolicy
    var ignore: Settings.Ignore

    /// - Parameter files: settings to try; empty for those in effect.
    static func all(_ files: [String], _ options: DaemonOptions) throws -> [TriedPolicy] {
        guard files.isEmpty else {
            return try files.map { file in
                let settings = try SettingsFile(path: file, assignments: options.assignments).load()
                return TriedPolicy(
                    name: file, policy: ScalePolicy(settings.scaler), ignore: settings.scaler.ignore)
            }
        }
        let file = try options.settingsFile()
        let settings = try file.load()
        var policy = ScalePolicy(settings.scaler)
        // What is needed shows, unless somebody asks for a maximum.
        if !options.assignments.contains(where: { $0.hasPrefix("scaler.max=") }) { policy.max = 10_000 }
        return [
            TriedPolicy(name: file.path ?? "defaults", policy: policy, ignore: settings.scaler.ignore)
        ]
    }
}

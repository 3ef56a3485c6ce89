public import FlockCore
import FlockDaemon
import Foundation

extension Settings {
    /// The defaults of templates/flock.yaml, and what a test wants otherwise; no other file and no variable is looked at.
    /// - Parameter assignments: `scaler.idleAfter=5m`, as `--set` takes them.
    public static func defaults(_ assignments: String...) throws -> Settings {
        let folder = try TemporaryFolder()
        let file = "\(folder.path)/flock.yaml"
        try "{}\n".write(toFile: file, atomically: true, encoding: .utf8)
        return try SettingsFile(path: file, assignments: assignments, environment: [:]).load()
    }
}

import Foundation
import Marathon

/// An app as the engine keeps it.
struct AppRecord: Codable, Sendable, Hashable {
    /// Every key that matters has a value. All apps are copied for each change, and it is most of an app.
    @Apart var definition: AppDefinition
    /// Of the last change of any kind.
    var version: String
    /// Of the last change that needs new tasks; scaling does not.
    var configVersion: String
    /// Of the last change of the number of instances alone.
    var scaledVersion: String?
    /// Deleted, and gone once its tasks are.
    var isStopping = false
    var lastTaskFailure: TaskFailure?
    /// What an engine that starts again has to know of the app's ``LaunchDelay``.
    var backoff: Backoff?

    struct Backoff: Codable, Sendable, Hashable {
        var seconds: Double
        var until: Date
    }

    var id: String { definition.id ?? "/" }
    var instances: Int { isStopping ? 0 : definition.instances ?? 1 }
    var checks: [HealthCheck] { definition.healthChecks ?? [] }
    var strategy: UpgradeStrategy { definition.upgradeStrategy ?? UpgradeStrategy() }
}

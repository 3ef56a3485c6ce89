import Marathon

/// What must not change of an app while it is drained.
struct AppSituation: Sendable {
    private let app: App

    /// `nil` for an app that is gone, at zero, or being changed.
    init?(of appID: String, _ marathon: MarathonClient) async throws {
        guard let app = try await marathon.app(appID), app.instances > 0, !app.isBeingChanged else { return nil }
        self.app = app
    }

    var instances: Int { app.instances }
    var isBeingScaled: Bool { app.isBeingScaled }
    var tasks: [AppTask] { app.tasks ?? [] }
    var taskIDs: Set<String> { Set(tasks.map(\.id)) }
    var killSelection: String? { app.definition.killSelection }
}

extension AppSituation: Equatable {
    static func == (one: Self, other: Self) -> Bool {
        one.app.version == other.app.version && one.taskIDs == other.taskIDs
    }
}

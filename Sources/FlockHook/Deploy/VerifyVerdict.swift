import Marathon

/// Whether a new app has come up, seen from what Marathon says about it.
enum VerifyVerdict: Sendable, Hashable {
    case waiting
    case healthy
    /// Its tasks end again and again; the text is the last one's.
    case failing(String)

    /// Tasks that may fail before the deploy has.
    private static let failureLimit = 3

    /// - Parameters:
    ///   - version: the app's version that is waited for; failures of older ones do not count.
    ///   - failedTasks: every failed task of that version seen so far, with its message; added to.
    init(_ app: App, version: String, failedTasks: inout [String: String]) {
        if let failure = app.lastTaskFailure, failure.version >= version, !failure.isLoss {
            failedTasks[failure.taskId] = "\(failure.state): \(failure.message)"
            if failedTasks.count >= Self.failureLimit {
                self = .failing(failedTasks[failure.taskId] ?? failure.message)
                return
            }
        }
        let new = (app.tasks ?? []).filter { ($0.version ?? "") >= version && $0.isRunning }
        let hasChecks = app.definition.healthChecks?.isEmpty == false
        let ready = new.filter { hasChecks ? $0.isAlive == true : true }
        self = app.deployments.isEmpty && !ready.isEmpty ? .healthy : .waiting
    }
}

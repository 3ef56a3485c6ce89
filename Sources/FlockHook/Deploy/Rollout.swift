import FlockCore
import Foundation
import Marathon

/// Gives an app to Marathon and watches until it has come up, or puts back what was there.
struct Rollout: Sendable {
    let settings: LiveSettings
    let marathon: MarathonClient
    let persistently: Persistence

    struct Submission: Sendable {
        var id: String
        var version: String
        /// The app before, when it was there.
        var former: AppDefinition?
    }

    /// - Parameters:
    ///   - definition: with the instances that an app gets which was not there.
    ///   - keep: gets what is there now, and gives what is to be put back should this one fail.
    /// - Throws: ``DeployFailure``, when Marathon refuses it.
    func submit(
        _ definition: AppDefinition, keep: (AppDefinition?) async throws -> AppDefinition?
    ) async throws -> Submission {
        let id = definition.id ?? "/"
        let present = try await persistently { try await marathon.app(id) }
        let former = try await keep(present?.definition)
        // A redeploy keeps the number the scaler chose, but a sleeping app, or one that is just being put to sleep,
        // has to run to be checked.
        var definition = definition
        definition.instances = max(1, present?.instances ?? definition.instances ?? 1)
        do {
            let result = try await persistently { [definition] in
                try await marathon.put(definition, to: id, force: true)
            }
            return Submission(id: id, version: result.version, former: former)
        } catch let error as MarathonError {
            // It may have it all the same.
            if error.isOutage { throw error }
            throw DeployFailure(code: error.code.rawValue, message: "Marathon refused the app: \(error.message)")
        }
    }

    /// Goes on with an app that an earlier process gave to Marathon.
    /// - Parameter former: what is to be put back should it fail; `nil` when nothing was there.
    /// - Throws: ``DeployFailure``, when what was there is back.
    func resume(_ app: App, former: AppDefinition?) async throws {
        let version = app.versionInfo?.lastConfigChangeAt ?? app.version
        try await verify(Submission(id: app.id, version: version, former: former))
    }

    /// - Throws: ``DeployFailure``, when what was there is back.
    func verify(_ submission: Submission) async throws {
        let limit = settings.current.hook.healthTimeout
        let deadline = ContinuousClock.now + limit.duration
        var failedTasks: [String: String] = [:]
        var last: App?
        while ContinuousClock.now < deadline {
            if let app = try await persistently({ try await marathon.app(submission.id) }) {
                last = app
                switch VerifyVerdict(app, version: submission.version, failedTasks: &failedTasks) {
                case .healthy: return
                case .failing(let why):
                    try await giveUp(
                        submission, app, code: "app_failing", "the program ends again and again (\(why))")
                case .waiting:
                    // It was put to sleep before it could be looked at.
                    if app.instances == 0, app.deployments.isEmpty {
                        _ = try await persistently { try await marathon.scale(submission.id, to: 1, force: true) }
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let cause = last?.tasks?.compactMap { $0.healthCheckResults?.compactMap(\.lastFailureCause).last }.last
        try await giveUp(
            submission, last, code: "app_unhealthy",
            "it did not answer its check within \(limit)\(cause.map { " (\($0))" } ?? "")")
    }

    /// Puts back what was there, and tells the pusher why.
    private func giveUp(
        _ submission: Submission, _ app: App?, code: String, _ message: String
    ) async throws -> Never {
        let taskID = app?.lastTaskFailure?.taskId ?? app?.tasks?.last?.id
        var details: [String] = []
        if let taskID, let errors = try? await marathon.readFile("\(taskID)/stderr", offset: -4096) {
            let lines = errors.data.split(whereSeparator: \.isNewline).suffix(20)
            if !lines.isEmpty { details = ["the last lines of its errors:"] + lines.map { "  \($0)" } }
        }
        CrashPoint.hookFailing.pass()
        // An app that fails must not be started again and again.
        try await putBack(submission.former, as: submission.id)
        CrashPoint.hookRestored.pass()
        throw DeployFailure(code: code, message: message, details: details)
    }

    /// - Parameter former: `nil` when nothing was there.
    func putBack(_ former: AppDefinition?, as id: String) async throws {
        do {
            if var former {
                former.id = nil
                _ = try await persistently { [former] in try await marathon.put(former, to: id, force: true) }
            } else {
                _ = try await persistently { try await marathon.delete(id) }
            }
        } catch let error as MarathonError {
            // What Marathon refuses to take back it would refuse again.
            if error.isOutage { throw error }
        }
    }
}

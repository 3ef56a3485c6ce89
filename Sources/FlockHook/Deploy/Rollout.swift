import FlockCore
import Foundation
import Marathon

/// Gives an app to Marathon and watches until it has come up, or puts back what was there.
struct Rollout: Sendable {
    let settings: LiveSettings
    let store: HookStore
    let marathon: MarathonClient
    let persistently: Persistence

    struct Submission: Sendable {
        var id: String
        var version: String
        /// The app before, when it was there.
        var previous: App?
    }

    func submit(_ blueprint: AppBlueprint, _ deploy: DeployRecord) async throws -> Submission {
        let id = blueprint.name.id
        let descriptor = blueprint.descriptor
        let warning = MemoryFloor.warning(command: descriptor.command, mem: descriptor.mem)
        try await store.advance(
            deploy.id, to: .submitting, "starting \(id)" + (warning.map { "; warning: \($0)" } ?? ""))
        let previous = try await persistently { try await marathon.app(id) }
        // A redeploy keeps the number the scaler chose, but a sleeping app, or one that is just being put to sleep,
        // has to run to be checked.
        let instances = max(1, previous?.instances ?? blueprint.descriptor.instances)
        let definition = blueprint.definition(instances: instances)
        do {
            let result = try await persistently { try await marathon.put(definition, to: id, force: true) }
            return Submission(id: id, version: result.version, previous: previous)
        } catch let error as MarathonError {
            throw DeployFailure(code: error.code.rawValue, message: "Marathon refused the app: \(error.message)")
        }
    }

    func verify(_ submission: Submission, _ deploy: DeployRecord) async throws {
        try await store.advance(deploy.id, to: .verifying, "waiting for it to answer its check")
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
                        submission, app, failedTasks, code: "app_failing", "the program ends again and again (\(why))")
                case .waiting: break
                }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let cause = last?.tasks?.compactMap { $0.healthCheckResults?.compactMap(\.lastFailureCause).last }.last
        try await giveUp(
            submission, last, failedTasks, code: "app_unhealthy",
            "it did not answer its check within \(limit)\(cause.map { " (\($0))" } ?? "")")
    }

    /// Puts back what was there, and tells the pusher why.
    private func giveUp(
        _ submission: Submission, _ app: App?, _ failedTasks: [String: String], code: String, _ message: String
    ) async throws -> Never {
        let taskID = app?.lastTaskFailure?.taskId ?? app?.tasks?.last?.id
        var details: [String] = []
        if let taskID, let errors = try? await marathon.readFile("\(taskID)/stderr", offset: -4096) {
            let lines = errors.data.split(separator: "\n").suffix(20)
            if !lines.isEmpty { details = ["the last lines of its errors:"] + lines.map { "  \($0)" } }
        }
        // An app that fails must not be started again and again.
        if var back = submission.previous?.definition {
            back.id = nil
            _ = try? await persistently { [back] in try await marathon.put(back, to: submission.id, force: true) }
        } else {
            _ = try? await persistently { try await marathon.delete(submission.id) }
        }
        throw DeployFailure(code: code, message: message, details: details)
    }
}

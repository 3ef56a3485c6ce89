import FlockCore
import Logging
import Marathon

/// Has one decision about an app carried out: more instances, fewer, or none.
struct Act: Sendable {
    enum Outcome: Sendable, Hashable {
        /// Fewer went than were to go where `missed` says why.
        case scaled(to: Int, missed: String? = nil)
        case asleep
        /// With what was in the way.
        case calledOff(String)
        /// A part does not answer: nothing is taken away.
        case prevented(String)
        /// Marathon does not take it.
        case refused(String)
    }

    let parts: Parts
    /// `nil` before Marathon was read.
    let nodes: PartNodes?
    let marathon: MarathonClient
    let logger: Logger

    /// - Parameters:
    ///   - lingering: tasks whose requests did not end when they were to go; those of this time come back in it.
    ///   - isWanted: whether so few instances are still enough.
    func run(
        _ action: ScaleVerdict.Action, on appID: String, from instances: Int, lingering: inout Set<String>,
        while isWanted: @Sendable (Int) async -> Bool
    ) async -> Outcome {
        switch action {
        case .keep: .scaled(to: instances)
        case .scale(let wanted) where wanted < instances:
            await scaleDown(appID, to: wanted, lingering: &lingering) { await isWanted(wanted) }
        case .scale(let wanted), .wake(let wanted): await rescale(appID, from: instances, to: wanted)
        case .sleep: await sleep(appID)
        }
    }

    private func rescale(_ appID: String, from instances: Int, to wanted: Int) async -> Outcome {
        do {
            let isDone = try await Rescale(marathon: marathon).run(appID, from: instances, to: wanted)
            return isDone ? .scaled(to: wanted) : .calledOff("it was changed meanwhile")
        } catch {
            return .refused("\(error)")
        }
    }

    private func scaleDown(
        _ appID: String, to wanted: Int, lingering: inout Set<String>, while isWanted: @Sendable () async -> Bool
    ) async -> Outcome {
        guard let nodes else { return .prevented(Self.unread) }
        if let missing = nodes.missing { return .prevented(missing) }
        let result = await ScaleDown(
            backups: parts.backups(nodes), haproxies: parts.haproxies(nodes), marathon: marathon, logger: logger
        ).run(appID, to: wanted, lingering: lingering, while: isWanted)
        lingering = result.lingering
        return switch result.outcome {
        case .scaled(let count) where count > wanted:
            .scaled(to: count, missed: "requests or connections do not end")
        case .scaled(let count): .scaled(to: count)
        case .calledOff(let why): .calledOff(why)
        case .prevented(let why): .prevented(why)
        }
    }

    private func sleep(_ appID: String) async -> Outcome {
        guard let nodes else { return .prevented(Self.unread) }
        if let missing = nodes.missing { return .prevented(missing) }
        let outcome = await SleepProcedure(
            backups: parts.backups(nodes), haproxies: parts.haproxies(nodes), marathon: marathon, logger: logger
        ).run(appID)
        return switch outcome {
        case .asleep: .asleep
        case .disturbed(let why): .calledOff(why)
        case .prevented(let why): .prevented(why)
        }
    }

    private static let unread = "Marathon was not read yet"
}

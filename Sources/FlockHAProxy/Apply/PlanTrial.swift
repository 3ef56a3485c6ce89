import Foundation
import HAProxy

/// Finds the apps whose part of a plan HAProxy would refuse: one bad app must not keep the others from being served.
struct PlanTrial: Sendable {
    struct Refusal: Sendable {
        /// Those without whom HAProxy would take the plan.
        var routes: [RoutingTable.Route]
        /// What it has against the plan with them.
        var complaint: HAProxyError
    }

    let haproxy: HAProxyProcess
    let store: ConfigurationStore

    /// - Parameters:
    ///   - suspects: those of the plan that HAProxy has not taken before.
    ///   - render: the plan as files.
    /// - Returns: `nil` when HAProxy would take all of it.
    /// - Throws: what HAProxy says, when it is no app's fault.
    func refusal(
        of plan: RoutingPlan, suspecting suspects: @autoclosure () -> [RoutingTable.Route],
        isolation: isolated (any Actor)? = #isolation, render: (RoutingPlan) -> RenderedFiles
    ) async throws -> Refusal? {
        guard let complaint = try await complaint(about: render(plan)) else { return nil }
        let suspects = suspects()
        guard try await self.complaint(about: render(plan.without(suspects))) == nil else { throw complaint }
        let culprits = try await Bisection.culprits(among: suspects) { kept in
            let ids = Set(kept.map(\.appID))
            let others = suspects.filter { !ids.contains($0.appID) }
            return try await self.complaint(about: render(plan.without(others))) == nil
        }
        guard !culprits.isEmpty else { throw complaint }
        return Refusal(routes: culprits, complaint: complaint)
    }

    /// `nil` when HAProxy would take them.
    private func complaint(about files: RenderedFiles) async throws -> HAProxyError? {
        do {
            try await haproxy.check(configuration: try store.writeCandidate(files))
            return nil
        } catch let error as HAProxyError where error.code == .invalidConfiguration {
            return error
        }
    }
}

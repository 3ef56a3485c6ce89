import FlockDaemon
import FlockScaler
import Foundation

/// Decisions about an app, for people.
enum ExplanationTable {
    static func render(_ explanation: Explanation) -> String {
        guard !explanation.decisions.isEmpty else { return "\(explanation.app): nothing was decided yet.\n" }
        var table = Table(columns: [
            "WHEN", "ACTION", "RULE", "INSTANCES", "READY", "WANTED", "IN FLIGHT", "WINDOW", "BURST", "REQ/S", "IDLE",
            "PREVENTED BY",
        ])
        for decision in explanation.decisions {
            table.add([
                Output.age(decision.at), decision.action, decision.rule, "\(decision.instances)", "\(decision.ready)",
                "\(decision.wanted)", "\(decision.inFlight)", "\(decision.concurrency)",
                "\(decision.burstConcurrency)", "\(decision.requestsPerSecond)", "\(Int(decision.idleSeconds)) s",
                decision.prevented ?? "",
            ])
        }
        return "\(explanation.app)\n" + table.render()
    }
}

import Foundation
import Marathon

/// A rule on where tasks of an app may run. Source: Marathon's Constraints.scala.
struct Constraint: Sendable, Hashable {
    var field: String
    var relation: String
    var value: String?

    /// - Parameter words: `[field, operator]` or `[field, operator, value]`.
    init?(_ words: [String]) {
        guard words.count >= 2 else { return nil }
        field = words[0]
        relation = words[1]
        value = words.count > 2 ? words[2] : nil
    }

    /// - Parameter others: the machines' values of ``field`` that the app's tasks are at now.
    func accepts(_ offer: Offer, others: [String]) -> Bool {
        let isHostname = field == "hostname" || field == "@hostname"
        guard let own = isHostname ? offer.host : offer.attributes[field] else {
            // What does not exist equals nothing.
            return relation == "UNLIKE"
        }
        switch relation {
        case "UNIQUE": return !others.contains(own)
        case "CLUSTER": return value.map { $0 == own } ?? others.allSatisfy { $0 == own }
        case "IS": return value == own
        case "LIKE": return matches(own)
        case "UNLIKE": return !matches(own)
        case "MAX_PER": return others.count { $0 == own } < (value.flatMap(Int.init) ?? .max)
        // One machine is one group: even by itself.
        case "GROUP_BY": return true
        default: return false
        }
    }

    private func matches(_ text: String) -> Bool {
        guard let value, let pattern = try? NSRegularExpression(pattern: "^(?:\(value))$") else { return false }
        return pattern.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }
}

import Foundation

/// Apps whose part of the configuration HAProxy has refused. Each stays out until that part changes.
struct Quarantine: Sendable {
    struct Entry: Sendable, Hashable {
        /// A digest of what was refused.
        var structure: Data
        /// What HAProxy said.
        var reason: String
    }

    private(set) var entries: [String: Entry] = [:]

    mutating func add(_ appID: String, _ structure: Data, reason: String) {
        entries[appID] = Entry(structure: structure, reason: reason)
    }

    /// Keeps the entries that still stand for what the apps are.
    /// - Parameter structure: of an app's part now; `nil` for an app that is gone.
    mutating func review(_ structure: (String) -> Data?) {
        entries = entries.filter { structure($0.key) == $0.value.structure }
    }
}

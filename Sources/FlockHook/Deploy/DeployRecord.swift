public import Foundation

/// A deploy, or a push that led to none.
public struct DeployRecord: Codable, Sendable, Hashable {
    public enum State: String, Codable, Sendable, CaseIterable {
        case queued, resolving, fetching, checking, building, submitting, verifying
        case live, failed, ignored, superseded, cancelled

        public var isFinal: Bool {
            switch self {
            case .live, .failed, .ignored, .superseded, .cancelled: true
            case .queued, .resolving, .fetching, .checking, .building, .submitting, .verifying: false
            }
        }

        /// Under way, and Marathon knows nothing of it: it can be done again from its beginning.
        var isPreparing: Bool { [.resolving, .fetching, .checking, .building].contains(self) }

        /// Marathon may have it.
        var isSubmitted: Bool { self == .submitting || self == .verifying }

        var isCancellable: Bool { self == .queued || isPreparing }
    }

    public var id: Int64
    /// With `#` and the program's path where that is not the top.
    public var repository: String
    public var ref: String
    /// The commit that was pushed, then the one that is deployed.
    public var commit: String
    public var environment: String?
    public var state: State
    /// A code to search for, where it was not deployed.
    public var code: String?
    public var reason: String?
    public var appID: String?
    public var slug: String?
    public var version: String?
    public var release: Int?
    public var url: String?
    public var attempts: Int
    public var createdAt: Date
    public var endedAt: Date?

    /// How it is, with the reason where there is one: the words that a delivery is answered with, too.
    public var summary: String { reason.map { "\(state.rawValue): \($0)" } ?? state.rawValue }

    /// The program's in the repository; `nil` for the top.
    public var folder: String? {
        repository.firstIndex(of: "#").map { String(repository[$0...].dropFirst()) }
    }

    public var branch: String { ref.hasPrefix("refs/heads/") ? String(ref.dropFirst(11)) : ref }
}

/// One line of a deploy's story.
public struct DeployEvent: Codable, Sendable, Hashable {
    public var deploy: Int64
    public var sequence: Int
    public var at: Date
    public var state: DeployRecord.State
    public var text: String
}

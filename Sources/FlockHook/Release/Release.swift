public import Foundation

/// A numbered decision that an app is what its slug serves.
public struct Release: Codable, Sendable, Hashable {
    /// What made it.
    public enum Cause: String, Codable, Sendable { case deploy, rollback, promotion }

    /// Whether it can be had again.
    public enum Standing: String, Codable, Sendable {
        /// Visitors get it.
        case current
        /// Its app is there, awake or asleep.
        case ready
        /// Its app was removed or replaced; its code and definition are kept.
        case kept
        /// Its code is not there any more.
        case gone
        /// It is under way, or goes on when flock-hook is there again.
        case pending
        /// It was not made; ``Release/failure`` says why. Visitors never got it.
        case failed
    }

    public var slug: String
    public var number: Int
    public var appID: String
    /// The deploy that brought its code.
    public var deploy: Int64
    public var version: String?
    public var commit: String?
    /// The branch that its code was pushed to.
    public var branch: String?
    public var cause: Cause
    /// The earlier release whose code it is.
    public var source: Int?
    public var at: Date
    public var standing = Standing.gone
    /// A code to search for, where it failed.
    public var code: String?
    public var failure: String?

    /// Whether visitors were sent there.
    var wasLive: Bool { standing != .pending && standing != .failed }

    /// Why it is there, for people.
    public var reason: String {
        switch cause {
        case .deploy: "push to \(branch ?? "-")"
        case .rollback: "rollback" + (source.map { " to v\($0)" } ?? "")
        case .promotion: source.map { "v\($0) promoted" } ?? "preview \(branch ?? "-") promoted"
        }
    }
}

import Foundation

/// What is told about a deploy, to whomever.
struct Announcement: Sendable, Hashable {
    enum Phase: String, Codable, Sendable {
        case pending, live
        /// The pusher has to mend something.
        case failed
        /// Flock could not do it; the commit may be good.
        case error
        /// Another commit took its place, or somebody called it off.
        case dropped

        var isFinal: Bool { self != .pending }
    }

    var phase: Phase
    var commit: String
    var branch: String
    var environment: String
    var text: String
    /// Where the app answers.
    var url: String?
    /// The app's name, version and commit, as far as they are known.
    var subject: String

    /// `nil` for a push that was never to be deployed.
    init?(_ deploy: DeployRecord) {
        guard let phase = Self.phase(of: deploy), let environment = deploy.environment else { return nil }
        self.phase = phase
        self.environment = environment
        commit = deploy.commit
        branch = deploy.branch
        url = deploy.url
        text = phase == .pending ? "deploy \(deploy.id) is under way" : deploy.reason ?? "deploy \(deploy.id) has ended"
        let name = [deploy.slug, deploy.version].compactMap(\.self).joined(separator: " ")
        subject = "\(name.isEmpty ? deploy.repository : name) (\(deploy.branch) at \(deploy.commit.prefix(7)))"
    }

    private static func phase(of deploy: DeployRecord) -> Phase? {
        switch deploy.state {
        // It was announced as under way; what is live already is all that its commit asks for.
        case .ignored: deploy.environment == nil ? nil : .live
        case .live: .live
        case .superseded where deploy.code == ReasonCode.alreadyDeployed.rawValue: .live
        case .superseded, .cancelled: .dropped
        case .failed: Self.isOurs(deploy.code ?? "") ? .error : .failed
        case .queued, .resolving, .fetching, .checking, .building, .submitting, .verifying: .pending
        }
    }

    private static func isOurs(_ code: String) -> Bool {
        ["internal", "interrupted"].contains(code) || code.hasPrefix("marathon_") && code != "marathon_refused"
    }
}

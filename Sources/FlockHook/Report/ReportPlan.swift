import FlockCore
import Foundation

/// What has to be told next about a deploy, so that everybody knows where it is: the newest state, and no other.
struct ReportPlan: Sendable, Hashable {
    enum Audience: String, Codable, Sendable, CodingKeyRepresentable {
        case status, deployment, chat

        var receiver: Receiver { self == .chat ? .chat : .forge }
    }

    /// Who is asked for what an audience is told.
    enum Receiver: Sendable { case forge, chat }

    /// The last that somebody was told, or was tried to be told.
    struct Told: Codable, Sendable, Hashable {
        /// `nil` for a deployment that was made, of which nothing was told yet.
        var phase: Announcement.Phase?
        var commit: String
        /// GitHub's number of the deployment.
        var reference: Int64?
    }

    enum Step: Sendable, Hashable {
        /// To be noted as told when it was sent.
        case tell(Audience, StatusMessage, Told)
        /// The answer's `id` is the reference of what follows.
        case create(StatusMessage, Told)
    }

    var announcement: Announcement
    var project: ForgeProject?
    var chat: URL?
    var told: [Audience: Told]

    /// `nil` when the receiver is told all.
    /// - Parameter silent: those who did not answer just now, and keep nobody else waiting.
    func next(for receiver: Receiver, without silent: Set<Audience> = []) -> Step? {
        steps.first { $0.audience.receiver == receiver && !silent.contains($0.audience) }
    }

    /// Whether everybody is told all.
    var isDone: Bool { steps.isEmpty }

    private var steps: [Step] { [statusStep, deploymentStep, chatStep].compactMap(\.self) }

    private var now: Told { Told(phase: announcement.phase, commit: announcement.commit) }

    private var statusStep: Step? {
        guard let project, told[.status] != now else { return nil }
        var subject = announcement
        // The branch has moved on since: nothing may wait for ever at the commit that was pushed.
        if let last = told[.status], last.phase == .pending, last.commit != announcement.commit {
            subject.commit = last.commit
            subject.phase = .dropped
            subject.text = "the branch has moved on to \(announcement.commit.prefix(7))"
        }
        let then = Told(phase: subject.phase, commit: subject.commit)
        return project.status(subject).map { .tell(.status, $0, then) }
    }

    private var deploymentStep: Step? {
        guard let project, project.forge == .github else { return nil }
        guard let last = told[.deployment] else {
            // What never began needs no deployment to say so.
            guard announcement.phase != .dropped else { return nil }
            return project.deployment(announcement).map { .create($0, Told(commit: announcement.commit)) }
        }
        var subject = announcement
        if last.commit != announcement.commit {
            guard last.reference != nil, last.phase != .dropped else {
                return project.deployment(announcement).map { .create($0, Told(commit: announcement.commit)) }
            }
            subject.phase = .dropped
        }
        guard last.phase != subject.phase, let reference = last.reference else { return nil }
        let then = Told(phase: subject.phase, commit: last.commit, reference: reference)
        return project.status(ofDeployment: reference, subject).map { .tell(.deployment, $0, then) }
    }

    private var chatStep: Step? {
        guard let chat, told[.chat] != now else { return nil }
        return StatusMessage.chat(announcement, to: chat).map { .tell(.chat, $0, now) }
    }
}

import Foundation

/// What came of telling somebody.
enum ReportOutcome: Sendable, Hashable {
    /// With the `id` of what was made, if it says one.
    case taken(Int64?)
    /// It would be refused again.
    case refused(String)
    /// It may work later.
    case unanswered(String)

    init(status: Int, body: [UInt8]) {
        struct Made: Decodable { var id: Int64? }
        switch status {
        case 200..<300: self = .taken((try? JSONDecoder().decode(Made.self, from: Data(body)))?.id)
        case 408, 425, 429, 500...: self = .unanswered("answered \(status)")
        default: self = .refused("answered \(status); \(Self.hint(status))")
        }
    }

    private static func hint(_ status: Int) -> String {
        switch status {
        case 401, 403: "does the token hold, and may it set statuses and make deployments?"
        case 404: "is the project right, and may the token see it?"
        default: "the forge does not take it"
        }
    }

    var complaint: String? {
        switch self {
        case .taken: nil
        case .refused(let why), .unanswered(let why): why
        }
    }
}

extension ReportPlan.Step {
    var message: StatusMessage {
        switch self {
        case .tell(_, let message, _), .create(let message, _): message
        }
    }

    var audience: ReportPlan.Audience {
        switch self {
        case .tell(let audience, _, _): audience
        case .create: .deployment
        }
    }

    /// What is noted: a deployment that could not be made is left alone.
    func told(_ outcome: ReportOutcome, _ announcement: Announcement) -> ReportPlan.Told {
        switch self {
        case .tell(_, _, let told): return told
        case .create(_, var told):
            if case .taken(let id?) = outcome { told.reference = id } else { told.phase = .dropped }
            return told
        }
    }
}

import Foundation

extension StatusMessage {
    /// For a channel that takes Slack's incoming webhooks: how a deploy ended, unless another took its place.
    /// Source: Slack's "Sending messages using incoming webhooks" and "Escaping text".
    static func chat(_ announcement: Announcement, to url: URL) -> StatusMessage? {
        let verdict: String? =
            switch announcement.phase {
            case .live: "✔"
            case .failed, .error: "✘"
            case .pending, .dropped: nil
            }
        guard let verdict else { return nil }
        var body = Body()
        body.text = "\(verdict) \(announcement.subject): \(announcement.text)"
            .replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
        return StatusMessage(url: url, headers: [:], body: body)
    }
}

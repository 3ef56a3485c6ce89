import FlockCore
import Foundation

/// Moments as forges write them.
enum ForgeTime {
    /// RFC 3339, or `2017-09-20 08:31:45 UTC` as GitLab does too.
    /// - Returns: `nil` for what is neither.
    static func date(_ text: String?) -> Date? {
        guard let text, text.utf8.count <= 40 else { return nil }
        return InternetTime.date(text.replacing(" UTC", with: "Z").replacing(" ", with: "T"))
    }
}

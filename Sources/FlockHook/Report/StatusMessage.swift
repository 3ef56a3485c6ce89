import Foundation

/// One request to a forge or to a chat, without its credential.
struct StatusMessage: Sendable, Hashable {
    var url: URL
    var headers: [String: String]
    var body: Body

    /// Only what one of them takes is set.
    struct Body: Encodable, Sendable, Hashable {
        var state: String?
        var context: String?
        var name: String?
        var description: String?
        var targetURL: String?
        var ref: String?
        var environment: String?
        var environmentURL: String?
        var autoMerge: Bool?
        var autoInactive: Bool?
        var requiredContexts: [String]?
        var transientEnvironment: Bool?
        var productionEnvironment: Bool?
        var text: String?

        enum CodingKeys: String, CodingKey {
            case state, context, name, description, ref, environment, text
            case targetURL = "target_url"
            case environmentURL = "environment_url"
            case autoMerge = "auto_merge"
            case autoInactive = "auto_inactive"
            case requiredContexts = "required_contexts"
            case transientEnvironment = "transient_environment"
            case productionEnvironment = "production_environment"
        }

        var json: Data {
            get throws {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                return try encoder.encode(self)
            }
        }
    }

    /// The shortest that a forge allows (GitHub).
    static let longestText = 140

    static func cut(_ text: String) -> String {
        text.count <= longestText ? text : text.prefix(longestText - 1) + "…"
    }
}

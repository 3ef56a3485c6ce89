public import Foundation

extension Settings.Repository {
    /// The forge that is told how deploys go.
    public struct Report: Codable, Sendable, Hashable {
        public enum Forge: String, Codable, Sendable, CaseIterable { case github, gitlab, gitea }

        public var forge: Forge
        /// Base address of its API; `nil` for the usual one at the repository's host.
        public var api: URL?
        /// `owner/name`; `nil` for what the repository's address says.
        public var project: String?
        public var token: Settings.SecretFile

        enum CodingKeys: String, CodingKey, CaseIterable { case forge, api, project, token }

        public init(from decoder: any Decoder) throws {
            try decoder.rejectKeys(otherThan: CodingKeys.self)
            let container = try decoder.container(keyedBy: CodingKeys.self)
            forge = try container.decode(Forge.self, forKey: .forge)
            api = try container.decodeIfPresent(BaseAddress.self, forKey: .api)?.url
            if let api, api.scheme != "https", !ListenAddress.isLoopback(api.host ?? "") {
                throw DecodingError.dataCorruptedError(
                    forKey: .api, in: container,
                    debugDescription: "\(api) would be shown the token without TLS; use https")
            }
            project = try container.decodeIfPresent(String.self, forKey: .project)
            if let project, project.split(separator: "/", omittingEmptySubsequences: false).count < 2 {
                throw DecodingError.dataCorruptedError(
                    forKey: .project, in: container,
                    debugDescription: "\"\(project)\" is no project; write OWNER/NAME, as in acme/shop")
            }
            token = try container.decode(Settings.SecretFile.self, forKey: .token)
        }
    }
}

extension Settings.Repository.Report.Forge {
    public init(from decoder: any Decoder) throws {
        self = try Self(choice: decoder)
    }
}

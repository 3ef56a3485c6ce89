import AsyncHTTPClient
public import FlockCore
import Foundation
import Marathon
import NIOHTTP1

/// The last decisions about one app, oldest first.
public struct Explanation: Codable, Sendable, Hashable {
    public var app: String
    public var decisions: [DecisionRecord]

    /// Asks the flock-scaler that runs with this state folder.
    /// - Parameter name: an id with or without its slash, or a slug, which stands for what is released under it.
    /// - Throws: ``PartClient/Failure``.
    public static func ask(about name: String, state: StateFolder) async throws -> Explanation {
        let query = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        do {
            let explanation: Explanation = try await PartClient(.scaler, state: state, http: http)
                .ask(.GET, "/v1/decisions?app=\(query)")
            try await http.shutdown()
            return explanation
        } catch {
            try? await http.shutdown()
            throw error
        }
    }
}

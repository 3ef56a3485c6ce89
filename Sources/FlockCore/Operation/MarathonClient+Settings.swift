public import AsyncHTTPClient
import Foundation
public import Marathon

extension MarathonClient {
    /// The Marathon that settings name; for the embedded engine with its token, which is read anew at each request,
    /// since the engine may make it after this tool was started.
    public init(settings: Settings, state: StateFolder, http: HTTPClient) {
        guard settings.marathon == nil, settings.engine.access == .token else {
            self.init(servers: settings.marathonServers, http: http)
            return
        }
        self.init(servers: settings.marathonServers, http: http) {
            guard let text = try? String(contentsOfFile: state.engineToken, encoding: .utf8) else { return nil }
            return "Bearer \(text.trimmingCharacters(in: .whitespacesAndNewlines))"
        }
    }
}

public import AsyncHTTPClient
import Foundation
public import Marathon

extension MarathonClient {
    /// The Marathon that settings name, with its token, which is read anew at each request: the embedded engine may
    /// make its own after this tool was started.
    public init(settings: Settings, state: StateFolder, http: HTTPClient, patience: Patience? = nil) {
        var file = settings.marathonToken.file
        if file.isEmpty && settings.marathon == nil && settings.engine.access == .token { file = state.engineToken }
        let token = BearerToken(file: file)
        self.init(servers: settings.marathonServers, http: http, patience: patience) { token.authorization }
    }
}

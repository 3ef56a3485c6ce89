import Foundation

@testable import FlockHook

extension DeployRecord {
    static func example(
        _ state: State = .live, code: String? = nil, reason: String? = "release 3 is live at http://shop.flock.test/",
        branch: String = "main", environment: String? = "production", commit: String = String(repeating: "a", count: 40)
    ) -> DeployRecord {
        DeployRecord(
            id: 7, repository: "https://github.com/acme/shop", ref: "refs/heads/\(branch)", commit: commit,
            environment: environment, state: state, code: code, reason: reason, appID: "/shop-1.0.0", slug: "shop",
            version: "1.0.0", release: 3, url: "http://shop.flock.test/", attempts: 1,
            createdAt: Date(timeIntervalSince1970: 0), endedAt: nil)
    }
}

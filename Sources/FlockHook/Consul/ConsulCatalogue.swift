import AsyncHTTPClient
import FlockCore

/// Enters what is released into Consul's catalogue, where settings want it.
struct ConsulCatalogue: Sendable {
    let settings: Settings
    let http: HTTPClient

    /// - Returns: why it was not entered: the release is live all the same.
    func enter(_ slug: Slug, _ version: String, release: Int) async -> String? {
        let consul = settings.hook.consul
        guard let url = consul.url, let address = consul.register else { return nil }
        let entry = ConsulEntry(
            node: "flock", address: address.host,
            service: .init(
                id: "flock-\(slug)", service: slug.text, address: address.host,
                port: address.port, tags: ["flock"],
                meta: [
                    "host": "\(slug).\(settings.domain)", "version": version,
                    "release": "\(release)",
                ]))
        do {
            try await ConsulClient(url: url, token: consul.token, http: http).register(entry)
            return nil
        } catch {
            return "not entered into Consul's catalogue: \(error.message) [\(error.code)]"
        }
    }
}

import AsyncHTTPClient
import FlockCore
import Foundation

/// Fills in what a program's environment refers to.
struct AppEnvironment: Sendable {
    let settings: Settings.Hook
    let http: HTTPClient

    /// Consul's keys below `PREFIX/NAME/` become variables too, as envconsul does it; what package.json says wins.
    /// - Throws: ``DeployFailure``.
    func values(of descriptor: Descriptor) async throws -> [String: String] {
        let consul = settings.consul.url.map { ConsulClient(url: $0, token: settings.consul.token, http: http) }
        let folder = SecretFolder(
            path: settings.secrets.folder.isEmpty ? "" : "\(settings.secrets.folder)/\(descriptor.slug)")
        let prefix = "\(settings.consul.prefix)/\(descriptor.slug)/"
        let keys = try await consul?.values(below: prefix) ?? [:]
        var values: [String: String] = [:]
        for (key, value) in keys {
            if let name = Self.variable(key) { values[name] = value }
        }
        for (name, value) in descriptor.env {
            switch value {
            case .text(let text): values[name] = text
            case .secret(let secret): values[name] = try folder.value(secret)
            case .consul(let key):
                guard let value = keys[key] else {
                    throw DeployFailure(
                        code: "consul_key_missing",
                        message: consul == nil
                            ? "\(name) asks for a key in Consul, and hook.consul.url of flock.yaml names no Consul"
                            : "\(name): there is no key \(prefix)\(key) in Consul; \"consul kv put\" sets it")
                }
                values[name] = value
            }
        }
        return values
    }

    /// A key that can be a variable's name; others have to be asked for.
    private static func variable(_ key: String) -> String? {
        let isName = key.unicodeScalars.enumerated().allSatisfy { index, scalar in
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
                || (index > 0 && ("0"..."9").contains(scalar))
        }
        return key.isEmpty || !isName ? nil : key
    }
}

import AsyncHTTPClient
import FlockCore
import NIOHTTP1

/// How the other parts are reached, wherever they are.
struct Parts: Sendable {
    let settings: LiveSettings
    let state: StateFolder
    let http: HTTPClient

    func backups(_ nodes: PartNodes) -> [PartClient] { clients(.backup, at: nodes.backups) }
    func haproxies(_ nodes: PartNodes) -> [PartClient] { clients(.haproxy, at: nodes.haproxies) }

    private func clients(_ part: StateFolder.Part, at addresses: [PartAddress]) -> [PartClient] {
        let settings = settings.current.parts
        return addresses.map { PartClient(part, at: $0, settings: settings, state: state, http: http) }
    }

    /// Whether all answer, be it that they are not well.
    func areThere(_ nodes: PartNodes) async -> Bool {
        for part in backups(nodes) + haproxies(nodes) {
            do {
                _ = try await part.open(.GET, "/health", timeout: .seconds(1))
            } catch let error as PartClient.Failure where error.code != .unreachable {
                continue
            } catch {
                return false
            }
        }
        return true
    }

    /// What the stick table of each flock-haproxy's node says; `nil` for one that does not answer.
    func usage(_ nodes: PartNodes) async -> [String: [AppUsage]?] {
        await withTaskGroup(of: (String, [AppUsage]?).self) { group in
            for (address, client) in zip(nodes.haproxies, haproxies(nodes)) {
                group.addTask {
                    (address.description, try? await client.ask(.GET, "/v1/use", timeout: .seconds(2)))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = .some($1.1) }
        }
    }
}

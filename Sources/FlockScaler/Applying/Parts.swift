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

    /// What every node's stick table says; `nil` when one does not answer.
    func usage(_ nodes: PartNodes) async -> [[AppUsage]]? {
        guard !nodes.haproxies.isEmpty else { return nil }
        return await withTaskGroup(of: [AppUsage]?.self) { group in
            for client in haproxies(nodes) {
                group.addTask { try? await client.ask(.GET, "/v1/use", timeout: .seconds(2)) }
            }
            var all: [[AppUsage]] = []
            for await one in group {
                guard let one else { return nil }
                all.append(one)
            }
            return all
        }
    }
}

import AsyncHTTPClient
public import FlockCore
public import Foundation
import HAProxy
import Marathon

/// The configuration that would be used, as text; changes nothing.
public enum ConfigurationPreview {
    /// What Marathon answers now, for ``render(apps:settings:state:)``.
    public static func askMarathon(_ settings: Settings, state: StateFolder) async throws -> Data {
        struct Answer: Encodable { var apps: [App] }
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        do {
            let apps = try await MarathonClient(settings: settings, state: state, http: http).apps()
            try await http.shutdown()
            return try JSONEncoder().encode(Answer(apps: apps))
        } catch {
            try? await http.shutdown()
            throw error
        }
    }

    /// - Parameters:
    ///   - apps: what `GET /v2/apps?embed=apps.tasks` answers.
    ///   - state: the folder that the paths in it lead to.
    /// - Throws: when `apps` is not that.
    public static func render(apps: Data, settings: Settings, state: StateFolder) throws -> String {
        struct Answer: Decodable { var apps: [App] }
        let table = RoutingTable(apps: try JSONDecoder().decode(Answer.self, from: apps).apps, domain: settings.domain)
        var slots = SlotTable()
        for route in table.routes where !route.targets.isEmpty {
            slots.grow(route.backend, to: route.targets.count)
            slots.assign(route.targets.map { ($0.taskID, $0.address, $0.isAlive != false) }, to: route.backend)
        }
        var renderer = try ConfigurationRenderer(paths: HAProxyPaths(folder: state.haproxy), isRoot: false)
        return renderer.render(RoutingPlan(table: table, slots: slots, settings: settings)).configuration
    }
}

import HAProxy
import Testing

@testable import FlockHAProxy

@Suite struct RoutingMapsTests {
    private func maps(_ hosts: [String: String]) -> RoutingMaps {
        var maps = RoutingMaps()
        maps[.hosts] = Dictionary(
            uniqueKeysWithValues: hosts.map { (MapToken($0.key)!, MapToken($0.value)!) })
        return maps
    }

    private func changes(_ old: [String: String], _ new: [String: String]) -> [String] {
        maps(old).changes(to: maps(new)) { HAProxyPathsExample.paths.map($0) }.map(\.description).sorted()
    }

    @Test func `what is new is added, what differs is set, what is gone is deleted`() {
        #expect(
            changes(
                ["same.x": "/a", "other.x": "/a", "gone.x": "/a"], ["same.x": "/a", "other.x": "/b", "new.x": "/c"])
                == [
                    "add map /tmp/none/hosts.map new.x /c", "del map /tmp/none/hosts.map gone.x",
                    "set map /tmp/none/hosts.map other.x /b",
                ])
        #expect(changes(["a.x": "/a"], ["a.x": "/a"]).isEmpty)
    }

    @Test func `what points somewhere is added after its target and removed before it`() {
        func all(_ slug: String) -> RoutingMaps {
            var maps = RoutingMaps()
            let app = MapToken("/\(slug)")!
            maps[.hosts] = [MapToken("\(slug).x")!: app]
            maps[.prefixes] = [MapToken("x/\(slug)/")!: app]
            maps[.apps] = [app: MapToken("app_\(slug)")!]
            return maps
        }
        let paths = HAProxyPathsExample.paths
        #expect(
            all("old").changes(to: all("new")) { paths.map($0) }.map(\.description) == [
                "add map /tmp/none/apps.map /new app_new", "add map /tmp/none/prefixes.map x/new/ /new",
                "add map /tmp/none/hosts.map new.x /new", "del map /tmp/none/hosts.map old.x",
                "del map /tmp/none/prefixes.map x/old/", "del map /tmp/none/apps.map /old",
            ])
    }

    @Test func `what HAProxy has is taken over as far as it is made of tokens`() {
        var found = RoutingMaps()
        found.adopt(
            [
                MapEntry(key: "a.x", value: "/a"), MapEntry(key: "a.x", value: "/later"),
                MapEntry(key: "b x", value: "/b"), MapEntry(key: "c.x", value: "/c d"),
            ], as: .hosts)
        #expect(found == maps(["a.x": "/a"]))
    }
}

enum HAProxyPathsExample {
    static var paths: HAProxyPaths {
        do { return try HAProxyPaths(folder: "/tmp/none") } catch { preconditionFailure("\(error)") }
    }
}

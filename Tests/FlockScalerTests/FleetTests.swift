import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

@testable import FlockScaler

@Suite struct FleetTests {
    private let settings: Settings.Scaler

    init() throws { settings = try Settings.defaults("scaler.min=1").scaler }

    private func version(_ version: String, release: Int, labels: [String: String] = [:]) throws -> App {
        let all = ["FLOCK_APP": "shop", "FLOCK_VERSION": version, "FLOCK_RELEASE": "\(release)"]
        return try app("/shop-\(version)", all.merging(labels) { _, own in own })
    }

    private func record(_ target: String, canary: String? = nil) throws -> App {
        let slug = try #require(Slug("shop"))
        let record = ReleaseRecord(
            slug: slug, number: 1, target: target,
            canary: canary.map { ReleaseRecord.Canary(target: $0, percent: 5) })
        return try app(ReleaseRecord.id(for: slug), record.definition.labels ?? [:])
    }

    private func app(_ id: String, _ labels: [String: String]) throws -> App {
        let json = try JSONSerialization.data(withJSONObject: ["id": id, "instances": 1, "labels": labels])
        return try JSONDecoder().decode(App.self, from: json)
    }

    private func fleet(_ apps: [App]) -> Fleet {
        var fleet = Fleet()
        fleet.replace(with: apps, settings)
        return fleet
    }

    @Test func `a slug stands for the app that it serves, not for its canary; an id for itself`() throws {
        let apps = try ["1.0.0", "2.0.0", "3.0.0"].enumerated().map { try version($1, release: $0) }
        for (target, canary) in [("/shop-1.0.0", "/shop-3.0.0"), ("/shop-3.0.0", "/shop-1.0.0")] {
            let fleet = fleet(apps + [try record(target, canary: canary)])
            #expect(fleet.member(named: "shop")?.id == target)
            #expect(fleet.members.values.filter(\.isReleased).count == 2)
            for name in ["shop-2.0.0", "/shop-2.0.0"] { #expect(fleet.member(named: name)?.id == "/shop-2.0.0") }
        }
        for name in ["", "/", "other", "Shop", "flock/release/shop"] {
            #expect(fleet(apps).member(named: name) == nil, "\(name)")
        }
    }

    @Test func `where nobody keeps records, a slug stands for its newest version, and never for a preview`() throws {
        let preview = try app("/shop-p-x", ["FLOCK_APP": "shop", "FLOCK_PREVIEW": "x", "FLOCK_RELEASE": "9"])
        var fleet = fleet([try version("9.0.0", release: 1), try version("1.0.0", release: 2), preview])
        #expect(fleet.member(named: "shop")?.id == "/shop-1.0.0")
        #expect(fleet.members.values.filter(\.isReleased).map(\.id) == ["/shop-1.0.0"])
        fleet.update("/shop-2.0.0", to: try version("2.0.0", release: 3), settings)
        #expect(fleet.member(named: "shop")?.id == "/shop-2.0.0")
        fleet.update("/shop-2.0.0", to: nil, settings)
        #expect(fleet.member(named: "shop")?.id == "/shop-1.0.0")
        fleet.update("/flock/release/shop", to: try record("/shop-9.0.0"), settings)
        #expect(fleet.member(named: "shop")?.id == "/shop-9.0.0")
    }

    @Test func `the least holds for what is released only, from the moment it is`() throws {
        let apps = [try version("1.0.0", release: 1), try version("2.0.0", release: 2)]
        var fleet = fleet(apps + [try record("/shop-1.0.0")])
        func least() -> [Int?] { apps.map { fleet.members[$0.id]?.rules.min } }
        #expect(least() == [1, 0])
        fleet.update("/flock/release/shop", to: try record("/shop-2.0.0"), settings)
        #expect(least() == [0, 1])
        fleet.update("/shop-2.0.0", to: apps[1], settings)
        #expect(least() == [0, 1])
        fleet.follow(try Settings.defaults("scaler.min=3").scaler)
        #expect(least() == [0, 3])
    }

    @Test func `watched is what is awake, or may wake without a visitor`() throws {
        func asleep(_ id: String, _ labels: [String: String]) throws -> App {
            let object: [String: Any] = ["id": id, "instances": 0, "labels": labels]
            return try JSONDecoder().decode(App.self, from: JSONSerialization.data(withJSONObject: object))
        }
        func shop(_ version: String, _ release: String, _ scale: String) throws -> App {
            let labels = [
                "FLOCK_APP": "shop", "FLOCK_VERSION": version, "FLOCK_RELEASE": release, "FLOCK_SCALE": scale,
            ]
            return try asleep("/shop-\(version)", labels)
        }
        let plain = try Settings.defaults().scaler
        let calendar = #"{"awake":["weekdays 08:00-19:00 UTC"]}"#
        var fleet = Fleet()
        fleet.replace(with: [try shop("1.0.0", "1", calendar), try shop("2.0.0", "2", "{}")], plain)
        #expect(fleet.watched.isEmpty)
        fleet.update("/flock/release/shop", to: try record("/shop-1.0.0"), plain)
        #expect(fleet.watched == ["/shop-1.0.0"])
        fleet.update("/shop-2.0.0", to: try version("2.0.0", release: 2), plain)
        #expect(fleet.watched == ["/shop-1.0.0", "/shop-2.0.0"])
        fleet.update("/shop-2.0.0", to: try shop("2.0.0", "2", "{}"), plain)
        fleet.update("/shop-1.0.0", to: try shop("1.0.0", "1", "{}"), plain)
        #expect(fleet.watched.isEmpty)
        fleet.follow(settings)
        #expect(fleet.watched == ["/shop-1.0.0"])
        // The record's target is gone: the slug serves the newest.
        fleet.update("/shop-1.0.0", to: nil, settings)
        #expect(fleet.watched == ["/shop-2.0.0"])
    }

    @Test func `parts of Flock's are kept, other apps and records are not`() throws {
        var fleet = fleet([
            try app("/flock-backup-1.0.0", ["FLOCK_ROLE": "backup"]), try record("/shop-1.0.0"), try app("/other", [:]),
        ])
        #expect(fleet.parts.map(\.id) == ["/flock-backup-1.0.0"] && fleet.members.isEmpty)
        fleet.update("/flock-haproxy-1.0.0", to: try app("/flock-haproxy-1.0.0", ["FLOCK_ROLE": "haproxy"]), settings)
        fleet.update("/flock-backup-1.0.0", to: nil, settings)
        #expect(fleet.parts.map(\.id) == ["/flock-haproxy-1.0.0"])
    }

    @Test func `an app that is new or gone begins a generation, one that changes does not`() throws {
        var fleet = fleet([try version("1.0.0", release: 1)])
        let first = fleet.generation
        fleet.update("/shop-1.0.0", to: try version("1.0.0", release: 2), settings)
        #expect(fleet.generation == first)
        fleet.update("/shop-2.0.0", to: try version("2.0.0", release: 3), settings)
        let second = fleet.generation
        fleet.update("/shop-1.0.0", to: nil, settings)
        #expect(second != first && fleet.generation != second)
    }
}

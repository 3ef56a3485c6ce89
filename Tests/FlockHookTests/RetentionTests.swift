import FlockCore
import Foundation
import Marathon
import Testing

@testable import FlockHook

@Suite struct RetentionTests {
    private let slug = Slug("shop")!

    private func app(_ version: String, instances: Int = 0, slug: String = "shop", preview: String? = nil) -> App {
        var definition = AppDefinition(id: preview.map { "/preview/\($0)/\(slug)" } ?? "/\(slug)-\(version)")
        definition.instances = instances
        definition.labels = [Label.app: slug, Label.version: version, Label.release: "0"]
        if let preview { definition.labels?[Label.preview] = preview }
        return App(definition: definition, version: "1")
    }

    private func release(_ number: Int, _ version: String, deploy: Int64? = nil) -> Release {
        Release(
            slug: "shop", number: number, appID: "/shop-\(version)", deploy: deploy ?? Int64(number), version: version,
            cause: .deploy, at: Date(timeIntervalSince1970: 0))
    }

    private func superfluous(
        _ apps: [App], _ releases: [Release], target: String, canary: String? = nil, keep: Int
    ) -> Set<String> {
        let record = ReleaseRecord(
            slug: slug, number: 9, target: "/shop-\(target)",
            canary: canary.map { .init(target: "/shop-\($0)", percent: 10) })
        let versions = Retention.versions(apps)[slug] ?? []
        return Set(Retention(keep: keep).superfluous(versions, releases: releases, record: record))
    }

    private var four: [App] { ["1.0.0", "2.0.0", "3.0.0", "4.0.0"].map { app($0) } }
    private var releases: [Release] {
        [release(4, "4.0.0"), release(3, "3.0.0"), release(2, "2.0.0"), release(1, "1.0.0")]
    }

    @Test(arguments: [(0, 3), (1, 2), (2, 1), (3, 0), (9, 0)])
    func `so many stay besides what visitors get, the newest`(_ keep: Int, _ gone: Int) {
        let ids = superfluous(four, releases, target: "4.0.0", keep: keep)
        #expect(ids == Set(["/shop-1.0.0", "/shop-2.0.0", "/shop-3.0.0"].prefix(gone)))
    }

    @Test func `what was rolled back to counts by its last release`() {
        let rolledBack = [release(5, "1.0.0"), release(6, "4.0.0")].sorted { $0.number > $1.number } + releases
        #expect(superfluous(four, rolledBack, target: "4.0.0", keep: 1) == ["/shop-2.0.0", "/shop-3.0.0"])
    }

    @Test func `what is served, shared with a canary, previewed or of another app stays`() {
        let apps = four + [app("1.0.0", preview: "x"), app("1.0.0", slug: "blog")]
        let ids = superfluous(apps, releases, target: "1.0.0", canary: "2.0.0", keep: 0)
        #expect(ids == ["/shop-3.0.0", "/shop-4.0.0"])
    }

    @Test func `one that is awake, or about to be, has to fall asleep before`() {
        var apps = four
        apps[0].definition.instances = 1
        apps[1].deployments = [DeploymentReference(id: "d")]
        #expect(superfluous(apps, releases, target: "4.0.0", keep: 0) == ["/shop-3.0.0"])
    }

    @Test func `the code of as many releases stays, replaced in place or not`() {
        let all = [release(4, "1.0.0", deploy: 40), release(3, "1.0.0", deploy: 30), release(2, "1.0.0", deploy: 30)]
        #expect(Retention(keep: 1).kept(all + [release(1, "1.0.0", deploy: 10)], current: 4) == [40, 30])
        #expect(Retention(keep: 2).kept(all + [release(1, "1.0.0", deploy: 10)], current: 4) == [40, 30, 10])
        // After a rollback far back, what visitors get stays whatever its age.
        #expect(Retention(keep: 0).kept(all + [release(1, "1.0.0", deploy: 10)], current: 1) == [10])
    }
}

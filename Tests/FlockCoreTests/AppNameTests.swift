import Testing

@testable import FlockCore

@Suite struct AppNameTests {
    @Test(arguments: NamesFixture.shared.app)
    func `apps have the ids and hosts that are written down`(_ example: NamesFixture.App) throws {
        let slug = try Slug(packageName: example.name)
        let name =
            if let branch = example.branch {
                AppName(slug: slug, preview: BranchSlug(branch: branch))
            } else {
                AppName(slug: slug, version: try AppVersion(example.version))
            }
        #expect(name.id == example.id)
        #expect(name.hosts(domain: "flock.com") == example.hosts)
    }

    @Test(arguments: NamesFixture.shared.app)
    func `every host is one that DNS and HAProxy can hold`(_ example: NamesFixture.App) {
        for host in example.hosts { #expect(HostName(host) != nil) }
    }

    @Test func `the host that follows the release is not the version's own`() throws {
        let name = AppName(slug: try Slug(packageName: "shop"), version: try AppVersion("1.0.0"))
        #expect(name.ownHosts(domain: "x.org") == ["shop-1-0-0.x.org", "shop_1_0_0.x.org"])
    }
}

import Marathon
import Testing

@testable import FlockCore

@Suite struct FlockAppTests {
    private func app(_ labels: [String: String]) -> App {
        var definition = AppDefinition(id: "/shop-1.0.0")
        definition.labels = labels
        return App(definition: definition, version: "2026-01-01T00:00:00.000Z")
    }

    @Test func `labels are read`() throws {
        let app = try #require(
            FlockApp(
                app([
                    Label.app: "shop", Label.version: "1.0.0", Label.release: "3",
                    Label.hosts: "Shop.example.org, www.example.org,a;b", Label.scale: #"{"max":4}"#,
                ])))
        #expect(app.slug.text == "shop" && app.version?.idText == "1.0.0" && app.release == 3)
        #expect(app.extraHosts.map(\.description) == ["shop.example.org", "www.example.org"])
        #expect(app.scale.max == 4 && app.preview == nil)
        #expect(app.name?.id == "/shop-1.0.0")
    }

    @Test func `a preview has no version`() throws {
        let app = try #require(FlockApp(app([Label.app: "shop", Label.version: "1.0.0", Label.preview: "feature/x"])))
        #expect(app.version == nil)
        #expect(app.name?.id == "/preview/feature-x-ef6sx5/shop")
    }

    @Test(arguments: [[:], [Label.app: ""], [Label.app: "A;b"], [Label.app: "shop", Label.role: "backup"]])
    func `an app that is not Flock's is left alone`(_ labels: [String: String]) {
        #expect(FlockApp(app(labels)) == nil)
    }

    @Test func `labels that make no sense are as if they were not there`() throws {
        let app = try #require(
            FlockApp(app([Label.app: "shop", Label.version: "x", Label.release: "x", Label.scale: "x"])))
        #expect(app.version == nil && app.release == 0 && app.scale.isEmpty && app.name == nil)
    }
}

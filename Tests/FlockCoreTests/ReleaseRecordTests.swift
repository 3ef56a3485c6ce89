import Marathon
import Testing

@testable import FlockCore

@Suite struct ReleaseRecordTests {
    private let record = ReleaseRecord(slug: Slug("shop")!, number: 7, target: "/shop-1.0.0")

    @Test func `a record is read back from the app that it is kept as`() {
        let app = App(definition: record.definition, version: "1")
        #expect(ReleaseRecord(app) == record)
        #expect(app.id == "/flock/release/shop")
        #expect(FlockApp(app) == nil)
    }

    @Test func `a canary is kept with it`() {
        var record = record
        record.canary = .init(target: "/shop-1.1.0", percent: 10)
        #expect(ReleaseRecord(App(definition: record.definition, version: "1")) == record)
    }

    @Test(arguments: [
        ("/shop-1.1.0", "0"), ("/shop-1.1.0", "100"), ("/shop-1.1.0", "x"), ("/shop\n", "10"), ("x", "10"),
    ])
    func `a canary that makes no sense is none`(_ target: String, _ percent: String) {
        var definition = record.definition
        definition.labels?[Label.canary] = target
        definition.labels?[Label.canaryPercent] = percent
        #expect(ReleaseRecord(App(definition: definition, version: "1")) == record)
    }

    @Test func `its app never runs`() {
        #expect(record.definition.instances == 0)
        #expect(record.definition.ports == [])
    }

    @Test(arguments: [Label.role, Label.app, Label.release, Label.target])
    func `an app that lacks a label is no record`(_ label: String) {
        var definition = record.definition
        definition.labels?[label] = nil
        #expect(ReleaseRecord(App(definition: definition, version: "1")) == nil)
    }

    @Test func `an app with another id cannot say what a slug serves`() {
        var definition = record.definition
        definition.id = "/evil-1.0.0"
        #expect(ReleaseRecord(App(definition: definition, version: "1")) == nil)
    }
}

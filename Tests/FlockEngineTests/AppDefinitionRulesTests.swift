import Marathon
import Testing

@testable import FlockEngine

@Suite struct AppDefinitionRulesTests {
    struct Rule: Sendable, CustomTestStringConvertible {
        var path: String
        var change: @Sendable (inout AppDefinition) -> Void
        var testDescription: String { path }

        init(_ path: String, _ change: @escaping @Sendable (inout AppDefinition) -> Void) {
            self.path = path
            self.change = change
        }
    }

    private func valid() -> AppDefinition {
        var definition = EngineExamples.definition(checked: true)
        definition.id = "/group/shop-1.0.0"
        definition.fillDefaults(keeping: nil) { _ in 10_000 }
        return definition
    }

    @Test func `a plain app is valid`() throws {
        try valid().validate()
    }

    @Test(arguments: [
        Rule("/id") { $0.id = "/A" }, Rule("/id") { $0.id = "a" }, Rule("/id") { $0.id = "/" },
        Rule("/id") { $0.id = "/a//b" }, Rule("/id") { $0.id = "/a/../b" }, Rule("/id") { $0.id = "/-a" },
        Rule("/id") { $0.id = "/a/tasks" }, Rule("/id") { $0.id = "/a\nb" },
        Rule("/") { $0.cmd = nil }, Rule("/") { $0.args = ["x"] }, Rule("/cmd") { $0.cmd = "a\0b" },
        Rule("/instances") { $0.instances = -1 }, Rule("/cpus") { $0.cpus = 0 }, Rule("/mem") { $0.mem = -1 },
        Rule("/backoffFactor") { $0.backoffFactor = 0.5 },
        Rule("/upgradeStrategy/minimumHealthCapacity") { $0.upgradeStrategy?.minimumHealthCapacity = 1.1 },
        Rule("/upgradeStrategy/maximumOverCapacity") { $0.upgradeStrategy?.maximumOverCapacity = -0.1 },
        Rule("/ports(0)") { $0.ports = [65536] }, Rule("/ports") { $0.ports = [80, 80] },
        Rule("/healthChecks(0)/protocol") { $0.healthChecks?[0].protocol = "COMMAND" },
        Rule("/healthChecks(0)") { $0.healthChecks?[0].portIndex = 1 },
        Rule("/healthChecks(0)/intervalSeconds") { $0.healthChecks?[0].intervalSeconds = 0 },
        Rule("/healthChecks(0)/timeoutSeconds") { $0.healthChecks?[0].timeoutSeconds = 0 },
        Rule("/healthChecks(0)/maxConsecutiveFailures") { $0.healthChecks?[0].maxConsecutiveFailures = -1 },
        Rule("/uris(0)") { $0.uris = ["ftp://x/y"] }, Rule("/env(A=B)") { $0.env = ["A=B": "1"] },
        Rule("/env(A)") { $0.env = ["A": "\0"] },
    ])
    func `what breaks a rule is refused at its path`(_ rule: Rule) throws {
        var definition = valid()
        rule.change(&definition)
        let error = try #require(throws: EngineError.self) { try definition.validate() }
        #expect(error.code == .invalid && error.details.map(\.path) == [rule.path])
    }
}

import FlockCore
import Foundation
import Marathon
import Testing

@testable import FlockHook

@Suite struct AppBlueprintTests {
    private func blueprint(_ flock: String = "{}", preview: String? = nil) throws -> AppBlueprint {
        let json = #"{"name":"flock_demo","version":"1.0.1","scripts":{"start":"node server.js"},"flock":\#(flock)}"#
        let descriptor = try Descriptor(packageJSON: Array(json.utf8))
        let name =
            preview.map { AppName(slug: descriptor.slug, preview: BranchSlug(branch: $0), group: descriptor.group) }
            ?? AppName(slug: descriptor.slug, version: descriptor.version, group: descriptor.group)
        return AppBlueprint(
            descriptor: descriptor, name: name, branch: preview ?? "main", version: "1.0.1", commit: "abc", deploy: 4,
            release: 2,
            env: descriptor.env.compactMapValues { if case .text(let text) = $0 { text } else { nil } },
            artifact: "http://127.0.0.1:9002/artifacts/a.tar")
    }

    @Test func `the definition says all that versions of Marathon disagree about`() throws {
        let app = try blueprint(#"{"instances": 4, "cpus": 0.25, "mem": 32}"#).definition(instances: 4)
        #expect(app.id == "/flock-demo-1.0.1" && app.cmd == "node server.js")
        #expect(app.cpus == 0.25 && app.mem == 32 && app.instances == 4)
        #expect(app.ports == [0])
        #expect(app.uris == ["http://127.0.0.1:9002/artifacts/a.tar"])
        let json = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(app)) as? [String: Any])
        let strategy = try #require(json["upgradeStrategy"] as? [String: Any])
        #expect(Set(strategy.keys) == ["minimumHealthCapacity", "maximumOverCapacity"])
        let check = try #require((json["healthChecks"] as? [[String: Any]])?.first)
        #expect(
            Set(check.keys).isSuperset(of: [
                "gracePeriodSeconds", "intervalSeconds", "timeoutSeconds", "maxConsecutiveFailures",
            ]))
        #expect(check["protocol"] as? String == "HTTP" && check["path"] as? String == "/")
    }

    @Test func `labels say what the other parts have to know`() throws {
        let labels = try blueprint(#"{"instances": 4, "hosts": ["a.org", "b.org"], "scale": {"idleAfter": "5m"}}"#)
            .definition(instances: 1).labels
        #expect(
            labels == [
                Label.app: "flock-demo", Label.version: "1.0.1", Label.release: "2", Label.commit: "abc",
                Label.deploy: "4", Label.hosts: "a.org,b.org", Label.scale: #"{"idleAfter":"5m","max":4}"#,
            ])
    }

    @Test func `the scale of the descriptor wins over its instances`() throws {
        let labels = try blueprint(#"{"instances": 4, "scale": {"max": 9}}"#).definition(instances: 1).labels
        #expect(labels?[Label.scale] == #"{"max":9}"#)
    }

    @Test func `a preview says of which branch`() throws {
        let app = try blueprint(preview: "feature/x").definition(instances: 1)
        #expect(app.id == "/preview/feature-x-ef6sx5/flock-demo")
        #expect(app.labels?[Label.preview] == "feature/x")
    }

    @Test func `every port is any free one`() throws {
        #expect(try blueprint(#"{"ports": 3}"#).definition(instances: 1).ports == [0, 0, 0])
        #expect(try blueprint(#"{"ports": 0}"#).definition(instances: 1).ports == [])
    }

    @Test func `the number of instances can be left as it is`() throws {
        #expect(try blueprint().definition(instances: nil).instances == nil)
    }

    @Test func `the program's own environment wins`() throws {
        #expect(try blueprint().definition(instances: 1).env == ["NODE_ENV": "production"])
        let env = try blueprint(#"{"env": {"NODE_ENV": "test", "A": "1"}}"#).definition(instances: 1).env
        #expect(env == ["NODE_ENV": "test", "A": "1"])
    }

    @Test func `a check without a path is one of the port`() throws {
        let app = try blueprint(#"{"checks": [{"protocol": "TCP"}]}"#).definition(instances: 1)
        #expect(app.healthChecks?.first?.protocol == "TCP" && app.healthChecks?.first?.path == nil)
    }

    @Test func `a check may be a command`() throws {
        let check = try blueprint(#"{"checks": [{"command": "test -e ready"}]}"#).definition(instances: 1)
            .healthChecks?.first
        #expect(check?.protocol == "COMMAND" && check?.command?.value == "test -e ready" && check?.portIndex == nil)
    }

    @Test func `an image is run by Docker in a bridge, with its own port first, and fetches no code`() throws {
        var image = try blueprint(#"{"ports": 2, "image": {"image": "shop:1", "port": 80, "pull": true}}"#)
        image.artifact = nil
        let app = image.definition(instances: 1)
        #expect(app.cmd == nil && app.uris == [] && app.ports == nil)
        let docker = try #require(app.container?.docker)
        #expect(app.container?.type == "DOCKER" && docker.image == "shop:1" && docker.forcePullImage == true)
        #expect(docker.network == "BRIDGE" && docker.portMappings?.map(\.containerPort) == [80, 0])
        #expect(docker.portMappings?.map(\.hostPort) == [0, 0])
        #expect(app.healthChecks?.first?.portIndex == 0)
    }

    @Test func `an image on the host's network has the host's ports, and may have a command`() throws {
        let app = try blueprint(#"{"cmd": "serve", "image": {"image": "shop:1", "network": "HOST"}}"#)
            .definition(instances: 1)
        #expect(app.container?.docker?.network == "HOST" && app.container?.docker?.portMappings == nil)
        #expect(app.ports == [0] && app.cmd == "serve")
    }

    @Test func `a group is part of the id, and of no host`() throws {
        let production = try blueprint(#"{"group": "shop"}"#)
        #expect(production.definition(instances: 1).id == "/shop/flock-demo-1.0.1")
        #expect(production.name.hosts(domain: "x.org").first == "flock-demo.x.org")
        let preview = try blueprint(#"{"group": "shop"}"#, preview: "feature-x").name
        #expect(preview.id == "/preview/feature-x/shop/flock-demo")
        for name in [production.name, preview, try blueprint().name, try blueprint(preview: "x").name] {
            #expect(AppName.group(of: name.id) == name.group)
        }
    }

    @Test func `commands of dependencies are found, and the program's folder`() throws {
        let json = #"{"name":"x","scripts":{"start":"next start"},"dependencies":{"next":"1"}}"#
        var built = try blueprint()
        built.descriptor = try Descriptor(packageJSON: Array(json.utf8))
        built.folder = "apps/it's"
        #expect(
            built.definition(instances: 1).cmd
                == #"cd 'apps/it'\''s' && PATH="$PWD/node_modules/.bin:$PATH" && export PATH && next start"#)
    }

    @Test func `dependencies that are gone are taken away from an app that is changed`() throws {
        #expect(try blueprint().definition(instances: 1).dependencies == [])
    }
}

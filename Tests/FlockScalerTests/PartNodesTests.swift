import FlockCore
import Foundation
import Marathon
import Testing

@testable import FlockScaler

@Suite struct PartNodesTests {
    private func settings(haproxy: [String] = ["local"], backup: [String] = ["local"]) throws -> Settings.Parts {
        let json = """
            {"token": {"file": "/t"}, "certificate": {"file": ""}, "authority": {"file": ""},
             "haproxy": {"listen": "", "nodes": \(haproxy)}, "backup": {"listen": "", "nodes": \(backup)}}
            """
        return try JSONDecoder().decode(Settings.Parts.self, from: Data(json.utf8))
    }

    private func app(
        _ role: String, instances: Int = 2, hosts: [String] = ["10.0.0.5", "10.0.0.6"], ports: String = "[31000, 31001]"
    ) throws -> App {
        let tasks = hosts.map {
            #"{"id": "task.\#($0)", "appId": "/x", "host": "\#($0)", "ports": \#(ports), "state": "TASK_RUNNING"}"#
        }
        let json = """
            {"id": "/flock-\(role)-1.0.0", "instances": \(instances), "labels": {"FLOCK_ROLE": "\(role)"},
             "tasks": [\(tasks.joined(separator: ","))]}
            """
        return try JSONDecoder().decode(App.self, from: Data(json.utf8))
    }

    @Test func `those of the settings, in the same order for everybody`() throws {
        let nodes = PartNodes(
            apps: [], settings: try settings(haproxy: ["local", "https://10.0.0.6:9002", "https://10.0.0.5:9002"]))
        #expect(nodes.haproxies.map(\.description) == ["https://10.0.0.5:9002", "https://10.0.0.6:9002", "local"])
        #expect(nodes.backups == [.local] && nodes.missing == nil)
    }

    @Test func `those that run as Marathon apps take their place, by their second ports`() throws {
        let local = try app("backup", instances: 1, hosts: ["127.0.0.1"])
        let nodes = PartNodes(apps: [try app("haproxy"), local], settings: try settings())
        #expect(nodes.haproxies.map(\.description) == ["https://10.0.0.5:31001", "https://10.0.0.6:31001"])
        #expect(nodes.backups.map(\.description) == ["http://127.0.0.1:31001"] && nodes.missing == nil)
    }

    @Test func `one whose task does not run, or has one port only, is missing`() throws {
        #expect(PartNodes(apps: [try app("haproxy", instances: 3)], settings: try settings()).missing != nil)
        #expect(PartNodes(apps: [try app("backup", ports: "[31000]")], settings: try settings()).missing != nil)
    }

    @Test func `an app at zero, and one of another role, is nobody`() throws {
        let apps = [try app("haproxy", instances: 0, hosts: []), try app("release")]
        let nodes = PartNodes(apps: apps, settings: try settings())
        #expect(nodes.haproxies == [.local] && nodes.missing == nil)
    }
}

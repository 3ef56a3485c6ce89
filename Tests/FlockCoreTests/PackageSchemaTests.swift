import FlockTesting
import Foundation
import Testing

@testable import FlockCore

/// `templates/package.schema.json` and the reader say the same.
@Suite struct PackageSchemaTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "templates/package.schema.json")

    /// Has every object that the reader knows.
    private static let full = #"""
        {"name": "demo", "version": "1.0.1", "scripts": {"start": "node ."},
         "flock": {"instances": 2, "cpus": 0.5, "mem": 64, "ports": 2, "hosts": ["example.org/shop"],
           "env": {"A": "1", "B": {"secret": "b"}, "C": {"consul": "c/d"}}, "group": "shop", "dependencies": ["db"],
           "checks": [{"path": "/health", "intervalSeconds": 2}, {"protocol": "TCP", "portIndex": 1}, {"command": "true"}],
           "scale": {"min": 1, "idleAfter": "5m", "awake": ["weekdays 08:00-19:00 Europe/Madrid"]},
           "http": {"sticky": true, "users": {"alice": "$5$abc$0123456789"}, "allow": ["10.0.0.0/8"],
                    "rate": {"requests": 20, "per": "1m"}, "timeout": "90s", "h2": true},
           "image": {"image": "registry.example.org/demo:1", "network": "BRIDGE", "port": 80, "pull": true}}}
        """#

    @Test func `every key of one is in the other`() throws {
        let schema = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: Self.file)) as? [String: Any])
        var described: [String: Set<String>] = [:]
        collect(schema, at: "", of: schema, into: &described)
        let findings = DescriptorFindings()
        _ = try Descriptor(ProgramFiles(packageJSON: Array(Self.full.utf8)), findings)
        var read = findings.keys
        // The objects that npm's keys hold are npm's.
        read[""]?.formUnion(["scripts"])
        read["scripts"] = ["start"]
        #expect(described == read)
    }

    private func collect(
        _ node: [String: Any], at place: String, of root: [String: Any], into keys: inout [String: Set<String>]
    ) {
        if let name = (node["$ref"] as? String)?.split(separator: "/").last,
            let target = (root["$defs"] as? [String: Any])?[String(name)] as? [String: Any]
        {
            return collect(target, at: place, of: root, into: &keys)
        }
        if let items = node["items"] as? [String: Any] {
            // Checks may stand at two places.
            collect(items, at: "\(place.split(separator: ".").last ?? "")[]", of: root, into: &keys)
        }
        for option in node["oneOf"] as? [[String: Any]] ?? [] { collect(option, at: place, of: root, into: &keys) }
        if place == "flock.env", let value = node["additionalProperties"] as? [String: Any] {
            collect(value, at: "flock.env.*", of: root, into: &keys)
        }
        guard let properties = node["properties"] as? [String: [String: Any]] else { return }
        keys[place, default: []].formUnion(properties.keys)
        for (key, child) in properties {
            collect(child, at: place.isEmpty ? key : "\(place).\(key)", of: root, into: &keys)
        }
    }

    /// With jsonschema for Python.
    @Test func `a validator accepts what the reader accepts, and refuses what it refuses`() async throws {
        let start = #""name": "demo", "scripts": {"start": "node ."}"#
        let good = [
            Self.full, "{\(start)}", #"{\#(start), "version": "v1.0.0-rc.1", "flock": {"build": ["make", "make x"]}}"#,
            #"{\#(start), "flock": {"image": "nginx:1.27", "checks": []}}"#,
        ]
        let wrong = DescriptorReaderTests.wrong.map { "{\(start), \($0.keys)}" }
        for text in good { _ = try Descriptor(packageJSON: Array(text.utf8)) }
        let folder = try TemporaryFolder()
        let documents = try JSONEncoder().encode(good + wrong)
        try documents.write(to: URL(fileURLWithPath: "\(folder.path)/documents.json"))
        let program = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            validator = jsonschema.Draft202012Validator
            validator.check_schema(schema)
            for text in json.load(open(sys.argv[2])):
                print("good" if validator(schema).is_valid(json.loads(text)) else "wrong")
            """
        let ran = try await run("python3", ["-c", program, Self.file.path, "\(folder.path)/documents.json"])
        let verdicts = ran.output.split(separator: "\n").map(String.init)
        try #require(ran.isSuccess && verdicts.count == good.count + wrong.count, "\(ran.output)")
        for (text, verdict) in zip(good, verdicts) { #expect(verdict == "good", "\(text)") }
        for (problem, verdict) in zip(DescriptorReaderTests.wrong, verdicts.dropFirst(good.count)) {
            // What a schema cannot say: names of hosts, times of day, and how one key bounds another.
            if verdict == "good" { #expect(problem.isBeyondSchema, "\(problem.keys)") }
        }
    }
}

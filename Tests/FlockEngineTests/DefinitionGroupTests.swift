import Foundation
import Marathon
import Testing

@testable import FlockEngine

@Suite struct DefinitionGroupTests {
    private func definition(_ text: String, of group: String = "/") throws -> GroupDefinition {
        let change = try GroupChange(Array(text.utf8), of: group)
        guard case .full(let definition) = change.kind else { throw CancellationError() }
        return definition
    }

    private func apply(_ text: String, to group: String = "/", of tree: GroupTree = GroupTree()) throws -> GroupTree {
        var tree = tree
        var ports = ServicePorts(used: Set(tree.apps.values.flatMap(\.servicePorts)))
        try tree.apply(definition(text, of: group), to: group) { ports.take(besides: $0) }
        return tree
    }

    /// Ids of apps, and the dependencies of groups.
    private func tree(_ apps: [String: [String]], _ groups: [String: [String]] = [:]) -> GroupTree {
        GroupTree(
            groups: groups,
            apps: Dictionary(
                uniqueKeysWithValues: apps.map { id, dependencies in
                    var app = AppDefinition(id: id)
                    app.dependencies = dependencies
                    return (id, app)
                }))
    }

    // MARK: What is said

    @Test func `a change is a definition, a factor or a version`() throws {
        #expect(try GroupChange(Array(#"{"scaleBy": 0.5}"#.utf8), of: "/g").kind == .scaleBy(0.5))
        #expect(try GroupChange(Array(#"{"scaleBy": 2, "apps": null}"#.utf8), of: "/g").kind == .scaleBy(2))
        let change = try GroupChange(Array(#"{"version": "v", "enforceRole": "top"}"#.utf8), of: "/g")
        #expect(change.id == "/g" && change.kind == .rollback(version: "v"))
        #expect(try GroupChange(Array(#"{"id": "h/i"}"#.utf8), of: "/g").id == "/g/h/i")
        #expect(try GroupChange(Array("{}".utf8), of: "/g").id == "/g")
        #expect(GroupChange.scaled(3, by: 0.5) == 2 && GroupChange.scaled(3, by: 0) == 0)
        #expect(GroupChange.scaled(.max, by: .greatestFiniteMagnitude) == 1_000_000_000)
    }

    @Test(arguments: [
        (
            #"{"scaleBy": 2, "version": "v"}"#, "Object is not valid",
            [
                ("/scaleBy", ["not allowed in conjunction with other properties."]),
                ("/version", ["not allowed in conjunction with other properties."]),
            ]
        ),
        (#"{"scaleBy": -1}"#, "Invalid JSON", [("/scaleBy", ["error.min"])]),
        (#"{"scaleBy": "2"}"#, "Invalid JSON", [("/scaleBy", ["error.expected.jsnumber"])]),
        (#"{"apps": [{"cmd": "ls"}]}"#, "Invalid JSON", [("/apps(0)/id", ["error.path.missing"])]),
        (
            #"{"groups": [{"id": "a", "groups": [{"apps": 1}]}]}"#, "Invalid JSON",
            [
                ("/groups(0)/groups(0)/apps", ["error.expected.jsarray"]),
                ("/groups(0)/groups(0)/id", ["error.path.missing"]),
            ]
        ),
        (
            #"{"id": "../.."}"#, "Object is not valid",
            [("/id", ["Identifier is not child of /. Hint: use relative paths."])]
        ),
    ])
    func `what cannot be meant is refused`(body: String, message: String, details: [(String, [String])]) throws {
        let error = try #require(throws: EngineError.self) { try GroupChange(Array(body.utf8), of: "/g") }
        #expect(error.code == .invalid && error.message == message)
        #expect(error.details == details.map { EngineError.Detail(path: $0.0, errors: $0.1) })
    }

    // MARK: What becomes of it

    @Test func `a group has the apps and groups that are said, and what is left out goes`() throws {
        let first = try apply(
            #"""
            {"dependencies": ["/x"], "apps": [{"id": "top", "cmd": "ls"}], "groups": [
             {"id": "g", "dependencies": ["../top"], "version": "v", "apps": [{"id": "a", "cmd": "ls", "instances": 5},
              {"id": "/g/b", "cmd": "ls", "dependencies": ["a"]}], "groups": [{"id": "h", "apps": [{"id": "c", "cmd": "ls"}]}]}
            ]}
            """#)
        #expect(first.apps.keys.sorted() == ["/g/a", "/g/b", "/g/h/c", "/top"])
        #expect(first.groups == ["/": ["/x"], "/g": ["/top"], "/g/h": []])
        #expect(first.apps["/g/b"]?.dependencies == ["/g/a"] && first.apps["/g/a"]?.instances == 5)
        #expect(Set(first.apps.values.flatMap(\.servicePorts)).count == 4)
        #expect(first.groups(in: "/") == ["/g"] && first.apps(in: "/g") == ["/g/a", "/g/b"])
        #expect(first.apps(below: "/g") == ["/g/a", "/g/b", "/g/h/c"])

        // Missing instances are one again; ports stay.
        let second = try apply(#"{"id": "/g", "apps": [{"id": "a", "cmd": "pwd"}]}"#, to: "/g", of: first)
        #expect(second.apps.keys.sorted() == ["/g/a", "/g/h/c", "/top"] && second.apps["/g/a"]?.instances == 1)
        #expect(second.apps["/g/a"]?.servicePorts == first.apps["/g/a"]?.servicePorts)
        #expect(second.groups == first.groups)
        let third = try apply(#"{"groups": [], "dependencies": []}"#, to: "/g", of: second)
        #expect(third.apps.keys.sorted() == ["/g/a", "/top"] && third.groups == ["/": ["/x"], "/g": []])
        var fourth = third
        fourth.remove(groups: ["/g"])
        #expect(fourth.apps.keys.sorted() == ["/top"] && fourth.groups == ["/": ["/x"]])
        fourth.remove(groups: ["/"])
        #expect(fourth == GroupTree())
    }

    @Test(arguments: [
        (
            #"{"apps": [{"id": "/x/a", "cmd": "ls"}, {"id": "a/b", "cmd": "ls"}, {"id": "", "cmd": "ls"}]}"#,
            [
                ("/apps(0)/id", ["Identifier is not child of /g. Hint: use relative paths."]),
                ("/apps(1)/id", ["Identifier is not child of /g. Hint: use relative paths."]),
                ("/apps(2)/id", ["Identifier is not child of /g. Hint: use relative paths."]),
            ]
        ),
        (
            #"{"apps": [{"id": "a", "cmd": "ls"}, {"id": "/g/a", "cmd": "ls"}]}"#,
            [("/apps(1)/id", ["/g/a is given twice"])]
        ),
        (#"{"groups": [{"id": "h"}, {"id": "/g/h"}]}"#, [("/groups(1)/id", ["/g/h is given twice"])]),
        (
            #"{"groups": [{"id": "h", "apps": [{"id": "a"}]}]}"#,
            [
                (
                    "/groups(0)/apps(0)",
                    ["AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."]
                )
            ]
        ),
        (
            #"{"groups": [{"id": "a"}], "apps": [{"id": "a", "cmd": "ls"}]}"#,
            [("/", ["Groups and Applications may not have the same identifier."])]
        ),
        (
            #"{"apps": [{"id": "a", "cmd": "ls", "dependencies": ["b"]}, {"id": "b", "cmd": "ls", "dependencies": ["a"]}]}"#,
            [("/", ["Dependency graph has cyclic dependencies."])]
        ),
        (
            #"{"dependencies": ["/../x"]}"#,
            [("/dependencies(0)", ["Identifier is not child of /. Hint: use relative paths."])]
        ),
    ])
    func `a group that breaks a rule changes nothing`(body: String, details: [(String, [String])]) throws {
        let before = tree(["/g/a": []])
        var after = before
        let error = try #require(throws: EngineError.self) {
            try after.apply(definition(body, of: "/g"), to: "/g") { _ in 10_000 }
        }
        #expect(error.message == "Object is not valid" && after == before)
        #expect(error.details == details.map { EngineError.Detail(path: $0.0, errors: $0.1) })
    }

    @Test func `more apps than the engine handles are refused before they are looked at`() throws {
        let groups = (0..<12_000).map { #"{"id":"g\#($0)"}"# }.joined(separator: ",")
        let error = try #require(throws: EngineError.self) { try apply(#"{"groups": [\#(groups)]}"#) }
        #expect(error.details.map(\.path) == ["/"])
    }

    // MARK: Order

    @Test func `apps come after what they depend on`() {
        let tree = tree(["/a": ["/b", "/c"], "/b": ["/c"], "/c": ["/missing"], "/d": []])
        #expect(tree.layers(of: tree.apps.keys) == [["/c", "/d"], ["/b"], ["/a"]])
        #expect(tree.layers(of: ["/a", "/c", "/unknown"]) == [["/c"], ["/a"]])
        #expect(tree.layers(of: []) == [])
    }

    @Test func `a dependency on a group means all apps in it`() {
        let apps: [String: [String]] = ["/db/one": [], "/db/in/two": ["/db/one"], "/web": ["/db"]]
        #expect(tree(apps).layers(of: apps.keys) == [["/db/one"], ["/db/in/two"], ["/web"]])
    }

    @Test func `an app comes after the dependencies of every group that it is in`() {
        let apps: [String: [String]] = ["/shop/web/front": [], "/shop/cron": [], "/db/one": [], "/queue": []]
        let groups = ["/shop": ["/db"], "/shop/web": ["/queue"]]
        #expect(
            tree(apps, groups).layers(of: apps.keys) == [["/db/one", "/queue"], ["/shop/cron", "/shop/web/front"]])
        #expect(
            tree(apps, groups.merging(["/db": ["/queue"]]) { $1 }).layers(of: apps.keys) == [
                ["/queue"], ["/db/one"], ["/shop/cron", "/shop/web/front"],
            ])
    }

    @Test(arguments: [
        (["/a": ["/a"]], [:]), (["/a": ["/b"], "/b": ["/a"]], [:]), (["/g/a": ["/g"]], [:]),
        (["/g/a": [], "/h/b": []], ["/g": ["/h"], "/h": ["/g"]]), (["/g/a": ["/h"], "/h/b": ["/g/a"]], [:]),
        (["/g/a": []], ["/g": ["/g/a"]]),
    ])
    func `dependencies that go round have no order`(apps: [String: [String]], groups: [String: [String]]) {
        let tree = tree(apps, groups)
        #expect(tree.layers(of: apps.keys) == nil)
        #expect(throws: EngineError.self) { try tree.validate() }
    }

    @Test func `large groups that depend on each other are put in order`() {
        var apps: [String: [String]] = [:]
        for index in 0..<3000 { (apps["/g/a\(index)"], apps["/h/a\(index)"]) = ([], []) }
        let tree = tree(apps, ["/g": ["/h"]])
        #expect(tree.layers(of: apps.keys)?.map(\.count) == [3000, 3000])
    }
}

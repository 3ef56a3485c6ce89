import FlockCore
import FlockTesting
import Foundation
import Testing

@testable import FlockHook

@Suite struct BuildCacheTests {
    @Test func `what was not used for longest goes first`() throws {
        let folder = try TemporaryFolder()
        let state = StateFolder(folder.path)
        try FileManager.default.createDirectory(atPath: state.artifacts, withIntermediateDirectories: true)
        func write(_ name: String, days: Double) throws {
            try Data(count: 100).write(to: URL(fileURLWithPath: "\(state.artifacts)/\(name)"))
            try FileManager.default.setAttributes(
                [.modificationDate: Date() - days * 86_400], ofItemAtPath: "\(state.artifacts)/\(name)")
        }
        try write("cache--a.tar", days: 3)
        try write("cache--b.tar", days: 2)
        try write("cache--c.tar", days: 1)
        try write("cache-1.tar", days: 9)
        let cache = BuildCache(state: state, limit: 250)
        #expect(cache.has("cache--a.tar") && !cache.has("cache--d.tar"))
        cache.trim()
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: state.artifacts).sorted() == [
                "cache--a.tar", "cache--c.tar", "cache-1.tar",
            ])
    }

    @Test func `another program, branch, manager or lock file has another name`() throws {
        let cache = BuildCache(state: StateFolder("/"), limit: 1)
        let npm = BuildPlan.Cache(manager: "npm", lockFile: "package-lock.json")
        let yarn = BuildPlan.Cache(manager: "yarn", lockFile: "yarn.lock")
        let (shop, other) = (try Slug(packageName: "shop"), try Slug(packageName: "other"))
        let names = [
            cache.name(slug: shop, lane: "", npm, lock: [[1]]), cache.name(slug: shop, lane: "", npm, lock: [[2]]),
            cache.name(slug: shop, lane: "", yarn, lock: [[1]]), cache.name(slug: other, lane: "", npm, lock: [[1]]),
            cache.name(slug: shop, lane: "x", npm, lock: [[1]]),
            cache.name(slug: shop, lane: "", npm, lock: [[], [1]]),
        ]
        #expect(Set(names).count == 6)
        #expect(cache.name(slug: shop, lane: "", npm, lock: [[1]]) == names[0])
    }

    @Test
    func `what an install reads of package.json counts, in any order, and what changes with each version does not`() {
        func dependencies(_ text: String) -> [UInt8] { BuildCache.dependencies(of: Array(text.utf8)) }
        let package = dependencies(#"{"name": "shop", "dependencies": {"a": "1", "b": "2"}}"#)
        #expect(package == dependencies(#"{"dependencies": {"b": "2", "a": "1"}, "name": "shop"}"#))
        #expect(
            package
                == dependencies(
                    #"""
                    {"name": "shop", "version": "1.0.1", "scripts": {"build": "x"}, "flock": {}, "checks": [],
                     "dependencies": {"a": "1", "b": "2"}}
                    """#))
        for other in [
            #"{"name": "shop", "dependencies": {"a": "1", "b": "2", "c": "3"}}"#,
            #"{"name": "shop", "dependencies": {"a": "1", "b": "3"}}"#,
            #"{"name": "shop", "dependencies": {"a": "1", "b": "2"}, "overrides": {"a": "2"}}"#,
            #"{"name": "shop", "dependencies": {"a": "1", "b": "2"}, "os": ["win32"]}"#, "no JSON",
        ] {
            #expect(package != dependencies(other), "\(other)")
        }
    }

    @Test(arguments: [
        ("npm", #""node_modules/a": {"resolved": "lib/a", "link": true}"#, true),
        ("npm", #""a": {"version": "file:lib/a"}"#, true),
        ("npm", #""node_modules/a": {"resolved": "file:a.tgz", "integrity": "sha512-x"}"#, false),
        ("npm", #""dependencies": {"link": "^1.0.0"}"#, false),
        ("yarn", #""a@file:./lib/a":"#, true), ("yarn", #"a@^1.0.0:"#, false),
        ("pnpm", "version: file:lib/a", true),
    ])
    func `a lock file that names folders is known`(_ manager: String, _ text: String, _ hasFolders: Bool) {
        let cache = BuildPlan.Cache(manager: manager, lockFile: "lock")
        #expect(BuildCache.hasFolders(Array(text.utf8), cache) == hasFolders)
    }
}

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
}

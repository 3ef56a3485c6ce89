import FlockCore
import Testing

@testable import FlockHook

@Suite struct BuildPlanTests {
    private func plan(_ keys: String = #""x": 1"#, _ names: String...) throws -> BuildPlan? {
        let json = #"{"name": "demo", "flock": {"cmd": "node ."}, \#(keys)}"#
        return try BuildPlan(Descriptor(packageJSON: Array(json.utf8)), names: Set(names))
    }

    private func commands(_ keys: String, _ names: String) throws -> [String]? {
        try plan(keys, names)?.steps.map(\.command)
    }

    private let dependency = #""dependencies": {"a": "file:a"}"#

    @Test func `a program without dependencies and build scripts is not built`() throws {
        #expect(try plan() == nil)
        #expect(
            try plan(#""scripts": {"test": "x", "start": "node ."}, "dependencies": {}"#, "package-lock.json") == nil)
    }

    @Test func `dependencies are installed by the lock file that is there`() throws {
        #expect(try commands(dependency, "package-lock.json") == ["npm ci --include=dev"])
        #expect(try commands(dependency, "npm-shrinkwrap.json") == ["npm ci --include=dev"])
        #expect(try commands(dependency, "yarn.lock") == ["yarn install --frozen-lockfile --production=false"])
        #expect(try commands(dependency, "pnpm-lock.yaml") == ["pnpm install --frozen-lockfile --prod=false"])
        #expect(try commands(dependency, "README") == ["npm install --include=dev"])
    }

    @Test func `scripts run in Heroku's order, heroku-postbuild instead of build, and what was for development goes`()
        throws
    {
        let keys = #"""
            "devDependencies": {"b": "file:b"},
            "scripts": {"build": "x", "heroku-prebuild": "x", "heroku-postbuild": "x"}
            """#
        #expect(
            try commands(keys, "package-lock.json") == [
                "npm run heroku-prebuild", "npm ci --include=dev", "npm run heroku-postbuild", "npm prune --omit=dev",
            ])
        #expect(
            try commands(keys, "pnpm-lock.yaml")?.last == "pnpm prune --prod")
        #expect(try commands(#""scripts": {"build": "x"}"#, "yarn.lock") == ["yarn run build"])
    }

    @Test func `yarn 2 and later gets none of the options that it does not know`() throws {
        let keys = #"\#(dependency), "devDependencies": {"b": "file:b"}"#
        #expect(try plan(keys, "yarn.lock", ".yarnrc.yml")?.steps.map(\.command) == ["yarn install --immutable"])
    }

    @Test func `several lock files are a conflict`() throws {
        #expect(throws: BuildPlan.Conflict(lockFiles: ["package-lock.json", "yarn.lock"])) {
            try plan(dependency, "package-lock.json", "yarn.lock")
        }
    }

    @Test func `dependencies are kept by the lock file, and not those of workspaces`() throws {
        let locked = try #require(try plan(#"\#(dependency), "scripts": {"postinstall": "x"}"#, "yarn.lock"))
        #expect(locked.cache == .init(manager: "yarn", lockFile: "yarn.lock"))
        #expect(locked.steps.map(\.kind) == [.install, .afterInstall])
        #expect(try plan(dependency)?.cache == nil)
        #expect(try plan(#"\#(dependency), "workspaces": ["a"]"#, "package-lock.json")?.cache == nil)
        #expect(try plan(dependency, "pnpm-lock.yaml", "pnpm-workspace.yaml")?.cache == nil)
        #expect(try plan(dependency, "package-lock.json", "binding.gyp")?.cache == nil)
    }

    @Test func `flock's own build replaces all of it, and an image is not built`() throws {
        let own = try Descriptor(
            packageJSON: Array(
                #"{"name": "x", "scripts": {"start": "node .", "build": "y"}, "flock": {"build": ["make", "make x"]}}"#
                    .utf8)
        )
        #expect(try BuildPlan(own, names: ["yarn.lock"])?.steps.map(\.command) == ["make", "make x"])
        let image = try Descriptor(
            packageJSON: Array(#"{"name": "x", "dependencies": {"a": "1"}, "flock": {"image": "a:1"}}"#.utf8))
        #expect(try BuildPlan(image, names: []) == nil)
    }
}

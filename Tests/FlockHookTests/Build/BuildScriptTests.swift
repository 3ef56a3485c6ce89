import FlockTesting
import Foundation
import Testing

@testable import FlockHook

/// The script, run by a real shell over a real archive, until it says how it went.
@Suite struct BuildScriptTests {
    private let folder: TemporaryFolder
    private static let mark = "mark-1:"

    init() throws {
        folder = try TemporaryFolder()
    }

    /// - Parameter files: of the source.
    private func run(_ steps: [BuildPlan.Step], folder inside: String = "", files: [String: String] = [:]) async throws
        -> [String]
    {
        let source = "\(folder.path)/source"
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        for (name, text) in files {
            let file = URL(fileURLWithPath: "\(source)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let tar = try await FlockTesting.run("tar", ["-cf", "\(folder.path)/source.tar", "-C", source, "."])
        try #require(tar.isSuccess, "\(tar.output)")
        try FileManager.default.removeItem(atPath: source)
        var script = BuildScript(plan: BuildPlan(steps: steps), folder: inside, hasCache: false, mark: Self.mark).text
        // The first time it says so is enough here.
        script = script.replacingOccurrences(of: "sleep 2 & wait $!", with: "exit")
        return try await FlockTesting.run("sh", ["-c", script], in: folder.path).output.split(separator: "\n").map(
            String.init)
    }

    @Test func `steps run one after the other in the program's folder, and the result is packed`() async throws {
        let lines = try await run(
            [.init(command: "echo \"it's\" $(ls)"), .init(command: "mkdir -p dist && mv 'a b' dist/")],
            folder: "apps/it's", files: ["apps/it's/a b": "1", "other": "2"])
        #expect(lines.contains("it's a b") && lines.last == "\(Self.mark) 0 ", "\(lines)")
        let list = try await FlockTesting.run("tar", ["-tf", "\(folder.path)/build.tar"])
        #expect(list.output.contains("./apps/it's/dist/a b") && list.output.contains("./other"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/app"))
    }

    @Test func `a step that fails ends it with its status, and no later one runs`() async throws {
        let lines = try await run([.init(command: "echo one; exit 3"), .init(command: "echo two")])
        #expect(lines == ["$ echo one; exit 3", "one", "\(Self.mark) 3 echo one; exit 3"])
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/build.tar"))
    }

    @Test func `a folder that is not there is a failure`() async throws {
        #expect(try await run([], folder: "nowhere").last == "\(Self.mark) 66 entering its folder")
    }

    @Test func `nothing of a folder or a command leaves its quotes`() {
        #expect(BuildScript.quoted("a'; rm -rf /; '") == #"'a'\''; rm -rf /; '\'''"#)
    }
}

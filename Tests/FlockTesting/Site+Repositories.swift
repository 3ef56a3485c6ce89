import FlockCore
import Foundation

extension Site {
    /// Says in the settings what the branches of a repository of `flock repo create` deploy to.
    /// - Parameter more: further lines of the repository's entry.
    public func deploys(_ branches: [String: String], of name: String, more: [String] = []) async throws {
        try await deploys(branches, at: "\(state)/git/\(name).git", secret: "\(state)/secrets/\(name)", more: more)
    }

    /// The same of a bare repository anywhere.
    public func deploys(
        _ branches: [String: String], at path: String, secret: String, more: [String] = []
    ) async throws {
        let map = branches.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
        try await repositories([["url: \(path)", "secret: {file: \(secret)}", "branches: {\(map)}"] + more])
    }

    /// Says in the settings which programs may deploy.
    /// - Parameter entries: the lines of each.
    public func repositories(_ entries: [[String]]) async throws {
        let entries = entries.flatMap { entry in
            entry.enumerated().map { ($0.offset == 0 ? "    - " : "      ") + $0.element }
        }
        let text = try String(contentsOfFile: config, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
            guard line.hasPrefix("hook: {") else { return [String(line)] }
            let keys = line.dropFirst("hook: {".count).dropLast().split(separator: ",").map {
                "  \($0.trimmingPrefix(" "))"
            }
            return ["hook:"] + keys + ["  repositories:"] + entries
        }
        try lines.joined(separator: "\n").write(toFile: config, atomically: true, encoding: .utf8)
        try await kill9("flock-hook")
        try await start("flock-hook")
        try await isHealthy([.hook])
    }
}

extension Program {
    /// git, which may refuse.
    public func attempt(_ arguments: [String]) async throws -> Ran { try await run("git", arguments, in: path) }
}

/// What lies in a sandbox before its task starts.
enum SandboxTree {
    /// Refuses what could reach out of the folder, and takes away rights that a file must not bring along.
    /// - Throws: ``EngineError`` with code `artifact`.
    static func check(_ root: String, deadline: Duration) async throws {
        // find(1) follows no links, so the paths that it prints are where things really are.
        let found = try await FetchProgram.run(
            "find",
            [
                root, "-mindepth", "1", "(", "-type", "l", "-printf", #"%P\0%l\0"#, ")", "-o", "(", "!", "-type", "f",
                "!", "-type", "d", "-printf", #"%P\0/\0"#, ")", "-o", "(", "-type", "f", "-perm", "/6000", "-exec",
                "chmod", "ug-s", "{}", "+", ")",
            ], deadline: deadline)
        let words = found.split(separator: "\0", omittingEmptySubsequences: false)
        for index in stride(from: 0, to: words.count - 1, by: 2) {
            let (path, target) = (words[index], words[index + 1])
            guard leadsInside(target, depth: path.split(separator: "/").count - 1) else {
                throw EngineError(code: .artifact, message: "holds \(path), which leads out of the sandbox")
            }
        }
    }

    /// Whether a link stays within the root, as long as all others do. Going up is allowed at the beginning only:
    /// later it would depend on where other links lead.
    /// - Parameter depth: folders between the root and the link.
    static func leadsInside(_ target: some StringProtocol, depth: Int) -> Bool {
        guard !target.hasPrefix("/"), !target.isEmpty else { return false }
        let parts = target.split(separator: "/").filter { $0 != "." }
        let up = parts.prefix { $0 == ".." }.count
        return up <= depth && !parts.dropFirst(up).contains("..")
    }
}

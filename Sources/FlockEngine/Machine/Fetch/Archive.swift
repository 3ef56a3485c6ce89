/// An archive that is unpacked into a sandbox. Its list is looked at first, and what came of it once more, since an
/// archive comes from anywhere and unpacking may be done as root.
enum Archive: Sendable, Hashable {
    case tar
    case zip

    /// By the file's name, as Mesos' fetcher tells archives.
    init?(named name: String) {
        let name = name.lowercased()
        if [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"].contains(where: name.hasSuffix) {
            self = .tar
        } else if name.hasSuffix(".zip") {
            self = .zip
        } else {
            return nil
        }
    }

    /// - Throws: ``EngineError`` with code `artifact`.
    func unpack(_ path: String, into sandbox: String, sizeLimit: Int, deadline: Duration) async throws {
        var size = 0
        var hasLinks = false
        for entry in try await entries(of: path, deadline: deadline) {
            if let refusal = entry.refusal { throw EngineError(code: .artifact, message: refusal) }
            // Sizes are what the archive says, and may be anything.
            guard (0...sizeLimit - size).contains(entry.size) else {
                throw EngineError(code: .artifact, message: "holds more than \(sizeLimit) bytes")
            }
            size += entry.size
            if entry.kind == "l" { hasLinks = true }
        }
        switch self {
        case .tar:
            // tar makes links that lead elsewhere only after all files, so that no file is written through one.
            try await FetchProgram.run(
                "tar",
                [
                    "--extract", "--no-same-owner", "--no-same-permissions", "--force-local", "--file", path,
                    "--directory", sandbox,
                ], deadline: deadline)
        case .zip: try await FetchProgram.run("unzip", ["-q", "-o", path, "-d", sandbox], deadline: deadline)
        }
        // Most archives hold neither, and need no second look.
        guard hasLinks || self == .zip else { return }
        try await SandboxTree.check(sandbox, deadline: deadline)
    }

    private func entries(of path: String, deadline: Duration) async throws -> [ArchiveEntry] {
        switch self {
        case .tar:
            let list = try await FetchProgram.run(
                "tar",
                [
                    "--list", "--verbose", "--numeric-owner", "--quoting-style=escape", "--force-local", "--file", path,
                ], deadline: deadline)
            return try list.split(separator: "\n").map { line in
                guard let entry = ArchiveEntry(tarLine: line) else { throw Self.unreadable(line) }
                return entry
            }
        case .zip:
            let list = try await FetchProgram.run("unzip", ["-Z", "-s", "--h-t", path], deadline: deadline)
            return try list.split(separator: "\n").map { line in
                guard let entry = ArchiveEntry(zipLine: line) else { throw Self.unreadable(line) }
                return entry
            }
        }
    }

    private static func unreadable(_ line: Substring) -> EngineError {
        EngineError(code: .artifact, message: "cannot be unpacked: its list has the line \(line)")
    }
}

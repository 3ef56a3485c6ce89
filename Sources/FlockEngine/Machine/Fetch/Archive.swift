import Foundation
import NIOPosix
import SystemPackage

/// An archive that is unpacked into a sandbox. Its list is looked at first, and what came of it once more, since an
/// archive comes from anywhere and unpacking may be done as root. Plain archives are unpacked here, see
/// ``TarListing``, others by programs of the system.
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
        let hasLinks: Bool
        if self == .tar,
            let links = try await Self.unpackPlain(path, into: sandbox, sizeLimit: sizeLimit, deadline: deadline)
        {
            hasLinks = links
        } else {
            hasLinks = try Self.check(try await entries(of: path, deadline: deadline), sizeLimit: sizeLimit)
            try await unpackByProgram(path, into: sandbox, deadline: deadline)
        }
        // Most archives hold neither, and need no second look.
        guard hasLinks || self == .zip else { return }
        try await SandboxTree.check(sandbox, deadline: deadline)
    }

    /// - Returns: whether it held links; `nil`, and nothing was done, for an archive that is not so plain.
    private static func unpackPlain(
        _ path: String, into sandbox: String, sizeLimit: Int, deadline: Duration
    ) async throws -> Bool? {
        try await NIOThreadPool.singleton.runIfActive {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter { () throws -> Bool? in
                guard let listing = try TarListing(of: file) else { return nil }
                let hasLinks = try check(listing.members.map(\.entry), sizeLimit: sizeLimit)
                do {
                    try listing.unpack(file, into: sandbox, within: deadline)
                } catch let error as Errno {
                    throw EngineError(code: .artifact, message: "cannot be unpacked: \(error)")
                }
                return hasLinks
            }
        }
    }

    /// - Returns: whether there are links among them.
    private static func check(_ entries: [ArchiveEntry], sizeLimit: Int) throws -> Bool {
        var size = 0
        for entry in entries {
            if let refusal = entry.refusal { throw EngineError(code: .artifact, message: refusal) }
            // Sizes are what the archive says, and may be anything.
            guard (0...sizeLimit - size).contains(entry.size) else {
                throw EngineError(code: .artifact, message: "holds more than \(sizeLimit) bytes")
            }
            size += entry.size
        }
        return entries.contains { $0.kind == "l" }
    }

    private func unpackByProgram(_ path: String, into sandbox: String, deadline: Duration) async throws {
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

import Foundation
import Testing

@testable import Git

@Suite struct ExportTests {
    @Test func equalsGitArchive() async throws {
        try await Workspace.with { workspace in
            let long = (1...6).map { "a-folder-with-a-long-name-\($0)" }.joined(separator: "/")
            try workspace.write("{}", to: "package.json")
            try workspace.write("#!/bin/sh\n", to: "bin/start", executable: true)
            try workspace.write("", to: "empty")
            try workspace.write((0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }, to: "assets/image.bin")
            try workspace.write(String(repeating: "b", count: 512), to: "assets/block")
            try workspace.write("ü", to: "assets/日本 ü.txt")
            try workspace.write("deep", to: "\(long)/file.txt")
            try workspace.write("git orders this between", to: "assets.txt")
            try workspace.link("assets/link", to: "../package.json")
            try workspace.link("long-link", to: "\(long)/file.txt")
            try workspace.link("dangling", to: "build/output")
            try workspace.write("build\n", to: ".gitignore")
            let commit = try await workspace.commit()

            let ours = "\(workspace.folder)/ours.tar"
            let theirs = "\(workspace.folder)/theirs.tar"
            let summary = try await GitRepository(bareAt: workspace.bare).export(commit, to: ours)
            try await workspace.git("archive", "--format=tar", "--output", theirs, commit.description)
            #expect(summary.files == 12)
            #expect(summary.bytes == 700_001 + 512 + 2 + 10 + 2 + 4 + 23 + 6)
            #expect(try await workspace.run("tar", "-tf", ours) == workspace.run("tar", "-tf", theirs))
            #expect(try await unpacked(ours, workspace) == unpacked(theirs, workspace))
            let listing = try await workspace.run("tar", "--utc", "--full-time", "-tvf", ours)
            for line in listing.split(separator: "\n") {
                #expect(line.contains("0/0 ") && line.contains("2024-03-01 12:00:00"))
            }
        }
    }

    @Test func isTheSameEveryTime() async throws {
        try await Workspace.with { workspace in
            try workspace.write("{}", to: "package.json")
            try workspace.write("x", to: "bin/start", executable: true)
            let commit = try await workspace.commit()
            let first = "\(workspace.folder)/first.tar"
            let second = "\(workspace.folder)/second.tar"
            _ = try await GitRepository(bareAt: workspace.bare).export(commit, to: first)
            try Data("something else was here".utf8).write(to: URL(filePath: second))
            _ = try await GitRepository(bareAt: workspace.bare).export(commit, to: second)
            #expect(try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second)))
        }
    }

    @Test(arguments: [
        ("100644", ".GIT"), ("100644", ".."), ("100644", "."), ("100644", "git~1"), ("100644", ".git "),
        ("100644", ".g\u{200C}it"), ("100644", "a/b"), ("100644", "a\\b"), ("100644", "a\nb"), ("104755", "setuid"),
        ("100664", "group"), ("100600", "private"), ("20644", "device"), ("120000", "link-to-slash"),
    ])
    func refusesAHostileEntry(_ mode: String, _ name: String) async throws {
        try await Workspace.with { workspace in
            let blob = try await workspace.blob("/etc/passwd")
            let inner = try await workspace.tree([RawEntry(mode, name, blob)])
            try await refused(.unsafeEntry, workspace.commit(entries: [RawEntry(mode, name, blob)]), workspace)
            try await refused(.unsafeEntry, workspace.commit(entries: [RawEntry("40000", "folder", inner)]), workspace)
        }
    }

    @Test func refusesAHostileFolder() async throws {
        try await Workspace.with { workspace in
            let blob = try await workspace.blob("content")
            let inner = try await workspace.tree([RawEntry("100644", "config", blob)])
            for name in [".GIT", "..", ".git::$INDEX_ALLOCATION"] {
                try await refused(.unsafeEntry, workspace.commit(entries: [RawEntry("40000", name, inner)]), workspace)
            }
            let target = try await workspace.blob("elsewhere")
            let twice = try await workspace.commit(entries: [
                RawEntry("120000", "a", target), RawEntry("40000", "a", inner),
            ])
            try await refused(.unsafeEntry, twice, workspace)
            let lie = try await workspace.commit(entries: [RawEntry("100644", "a", inner)])
            try await refused(.corrupt, lie, workspace)
        }
    }

    @Test func refusesALinkThatEscapes() async throws {
        try await Workspace.with { workspace in
            try workspace.link("deep/er/link", to: "../../../outside")
            try await refused(.unsafeEntry, workspace.commit(), workspace)
            try FileManager.default.removeItem(atPath: "\(workspace.repository)/deep")
            // Each link by itself, read as text, stays inside.
            try workspace.link("deep/top", to: "..")
            try workspace.link("link", to: "deep/top/../outside")
            try await refused(.unsafeEntry, workspace.commit(), workspace)
        }
    }

    @Test func refusesASubmodule() async throws {
        try await Workspace.with { workspace in
            let absent = try #require(ObjectID(String(repeating: "1", count: 40)))
            let commit = try await workspace.commit(entries: [RawEntry("160000", "vendor", absent)])
            let error = try await refused(.submodule, commit, workspace)
            #expect(error?.description.contains("vendor") == true)
        }
    }

    @Test func refusesAnLFSPointer() async throws {
        try await Workspace.with { workspace in
            try workspace.write("first", to: "a")
            try workspace.write(lfsPointer, to: "assets/video.mp4")
            let error = try await refused(.lfsPointer, workspace.commit(), workspace)
            #expect(error?.description.contains("assets/video.mp4") == true)
            #expect(error?.hint != nil)
        }
    }

    @Test func keepsItsLimits() async throws {
        try await Workspace.with { workspace in
            try workspace.write("12345", to: "a/b/c")
            try workspace.write("12345", to: "d")
            let commit = try await workspace.commit()
            let fits = ExportLimits(entries: 4, bytes: 10, fileBytes: 5, depth: 3)
            let path = "\(workspace.folder)/fits.tar"
            #expect(
                try await GitRepository(bareAt: workspace.bare).export(commit, to: path, limits: fits)
                    == ExportSummary(files: 2, bytes: 10))
            for less in [\ExportLimits.entries, \.bytes, \.fileBytes, \.depth] as [WritableKeyPath<ExportLimits, Int>] {
                var limits = fits
                limits[keyPath: less] -= 1
                try await refused(.tooLarge, commit, workspace, limits: limits)
            }
        }
    }

    /// Ten trees of ten entries in one another: 10^10 files in eleven objects.
    @Test func givesUpOnATreeBomb() async throws {
        try await Workspace.with { workspace in
            let blob = try await workspace.blob("x")
            var tree = try await workspace.tree((0..<10).map { RawEntry("100644", "\($0)", blob) })
            for _ in 0..<9 {
                let inner = tree
                tree = try await workspace.tree((0..<10).map { RawEntry("40000", "\($0)", inner) })
            }
            let limits = ExportLimits(entries: 5_000)
            try await refused(.tooLarge, workspace.commit(tree: tree), workspace, limits: limits)
        }
    }

    @Test func saysWhyItCannotWrite() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            let repository = try GitRepository(bareAt: workspace.bare)
            await expectError(.fileSystem) {
                try await repository.export(commit, to: "\(workspace.folder)/absent/app.tar")
            }
        }
    }

    @Test func stopsWhenItsTaskIsCancelled() async throws {
        try await Workspace.with { workspace in
            try workspace.write("x", to: "a")
            let commit = try await workspace.commit()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await GitRepository(bareAt: workspace.bare).export(commit, to: "\(workspace.folder)/a.tar")
            }
            await expectError(.cancelled) { try await task.value }
            #expect(!FileManager.default.fileExists(atPath: "\(workspace.folder)/a.tar"))
        }
    }

    private func unpacked(_ archive: String, _ workspace: Workspace) async throws -> [String: [UInt8]] {
        let folder = "\(archive).unpacked"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await workspace.run("tar", "-xf", archive, "-C", folder)
        return try Workspace.contents(of: folder)
    }

    /// Expects the export to throw, and to leave nothing.
    @discardableResult
    private func refused(
        _ code: GitError.Code, _ commit: ObjectID, _ workspace: Workspace, limits: ExportLimits = .default,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> GitError? {
        let folder = "\(workspace.folder)/exports"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let repository = try GitRepository(bareAt: workspace.bare)
        let error = await expectError(code, sourceLocation: sourceLocation) {
            try await repository.export(commit, to: "\(folder)/app.tar", limits: limits)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left.isEmpty, sourceLocation: sourceLocation)
        return error
    }
}

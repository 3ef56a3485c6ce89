import Foundation
import Testing

@testable import Git

/// Trees that nobody's git would make: each is refused with its reason, and leaves nothing anywhere.
@Suite struct HostileTreeTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: GitError.Code
        let build: @Sendable (Workspace) async throws -> ObjectID

        init(
            _ name: String, _ code: GitError.Code = .unsafeEntry,
            _ build: @escaping @Sendable (Workspace) async throws -> ObjectID
        ) {
            testDescription = name
            self.code = code
            self.build = build
        }

        /// One entry, as it is stored, in a folder of the tree.
        static func entry(_ what: String, _ mode: String, _ name: String, _ content: String = "x") -> Shape {
            Shape(what) { workspace in
                let blob = try await workspace.blob(content)
                let inner = try await workspace.tree([RawEntry(mode, name, blob)])
                return try await workspace.commit(entries: [RawEntry("40000", "folder", inner)])
            }
        }

        static func folder(_ what: String, _ name: String) -> Shape {
            Shape(what) { workspace in
                let inner = try await workspace.tree([RawEntry("100644", "config", workspace.blob("x"))])
                return try await workspace.commit(entries: [RawEntry("40000", name, inner)])
            }
        }
    }

    static let shapes: [Shape] = [
        .folder(".git", ".git"), .folder(".git in capitals", ".GIT"), .folder(".git of NTFS with a dot", ".git."),
        .folder(".git of NTFS with a space", ".git "), .folder("the short name of .git", "GIT~1"),
        .folder("a stream of .git", ".git::$INDEX_ALLOCATION"), .folder(".git of HFS+", ".g\u{200C}it"),
        .folder("the parent folder", ".."), .folder("the same folder", "."),
        .entry("a path as a name", "100644", "../../outside"), .entry("an absolute name", "100644", "/etc/cron.d/x"),
        .entry("a path of Windows", "100644", "..\\outside"), .entry("a line break", "100644", "a\nb"),
        .entry("an escape sequence", "100644", "\u{1B}[2J"), .entry("a name of 300 bytes", "100644", "\(long)"),
        .entry("set-uid", "104755", "su"), .entry("set-gid", "102755", "sg"), .entry("sticky", "101755", "st"),
        .entry("writable by the group", "100664", "g"), .entry("writable by all", "100777", "w"),
        .entry("a device", "20666", "null"), .entry("a pipe", "10644", "pipe"), .entry("a socket", "140755", "socket"),
        .entry("no mode at all", "0", "none"),
        .entry("a link to an absolute path", "120000", "link", "/etc/passwd"),
        .entry("a link out of the tree", "120000", "link", "../../outside"),
        .entry("a link with a line break", "120000", "link", "a\nb"),
        .entry("a link to itself", "120000", "link", "link"), .entry("a link to nothing", "120000", "link", ""),
        .entry("a link of 2,000 bytes", "120000", "link", String(repeating: "a/", count: 1000)),
        Shape("a link and a folder of one name") { workspace in
            let target = try await workspace.blob("/etc")
            let inner = try await workspace.tree([RawEntry("100644", "passwd", workspace.blob("x"))])
            return try await workspace.commit(entries: [RawEntry("120000", "a", target), RawEntry("40000", "a", inner)])
        },
        Shape("a link that leads out through another") { workspace in
            let up = try await workspace.blob("..")
            let inner = try await workspace.tree([RawEntry("120000", "up", up)])
            return try await workspace.commit(entries: [
                RawEntry("40000", "deep", inner), RawEntry("120000", "link", workspace.blob("deep/up/../outside")),
            ])
        },
        Shape("links that lead to one another") { workspace in
            try await workspace.commit(entries: [
                RawEntry("120000", "a", workspace.blob("b")), RawEntry("120000", "b", workspace.blob("a")),
            ])
        },
        Shape("the same name twice") { workspace in
            let blob = try await workspace.blob("x")
            return try await workspace.commit(entries: [RawEntry("100644", "a", blob), RawEntry("100755", "a", blob)])
        },
        Shape("an empty name", .corrupt) { workspace in
            try await workspace.commit(entries: [RawEntry("100644", "", workspace.blob("x"))])
        },
        Shape("a submodule", .submodule) { workspace in
            try await workspace.commit(entries: [RawEntry("160000", "vendor", absent())])
        },
        Shape("a pointer of Git LFS", .lfsPointer) { workspace in
            try await workspace.commit(entries: [RawEntry("100644", "video", workspace.blob(lfsPointer))])
        },
        Shape("a file that is a tree", .corrupt) { workspace in
            try await workspace.commit(entries: [RawEntry("100644", "a", workspace.tree([]))])
        },
        Shape("a folder that is a file", .corrupt) { workspace in
            try await workspace.commit(entries: [RawEntry("40000", "a", workspace.blob("x"))])
        },
        Shape("a file that is not there", .notFound) { workspace in
            try await workspace.commit(entries: [RawEntry("100644", "a", absent())])
        },
        Shape("a folder that is not there", .notFound) { workspace in
            try await workspace.commit(entries: [RawEntry("40000", "a", absent())])
        },
        Shape("a tree that ends amid an entry", .corrupt) { workspace in
            let bytes = Array("100644 a".utf8) + [0, 1, 2, 3]
            let tree = try await workspace.git(
                "hash-object", "-t", "tree", "-w", "--literally", "--stdin", input: bytes)
            return try await workspace.commit(tree: ObjectID(tree).orThrow())
        },
        Shape("a hundred folders in one another", .tooLarge) { workspace in
            var tree = try await workspace.tree([])
            for _ in 0..<100 { tree = try await workspace.tree([RawEntry("40000", "d", tree)]) }
            return try await workspace.commit(tree: tree)
        },
        Shape("a path of 5,000 bytes", .tooLarge) { workspace in
            var tree = try await workspace.tree([RawEntry("100644", "x", workspace.blob("x"))])
            for _ in 0..<25 {
                tree = try await workspace.tree([RawEntry("40000", String(repeating: "d", count: 200), tree)])
            }
            return try await workspace.commit(tree: tree)
        },
        Shape("10^10 files in eleven objects", .tooLarge) { workspace in
            let blob = try await workspace.blob("x")
            var tree = try await workspace.tree((0..<10).map { RawEntry("100644", "\($0)", blob) })
            for _ in 0..<9 {
                let inner = tree
                tree = try await workspace.tree((0..<10).map { RawEntry("40000", "\($0)", inner) })
            }
            return try await workspace.commit(tree: tree)
        },
        Shape("60,000 files", .tooLarge) { workspace in
            let blob = try await workspace.blob("x")
            return try await workspace.commit(
                entries: (0..<60_000).map { RawEntry("100644", String(100_000 + $0), blob) })
        },
        Shape("a gigabyte of the same megabyte", .tooLarge) { workspace in
            let blob = try await workspace.blob(String(repeating: "x", count: 1 << 20))
            return try await workspace.commit(entries: (0..<1000).map { RawEntry("100644", String(1000 + $0), blob) })
        },
        Shape("a file of 60 MB", .tooLarge) { workspace in
            let blob = try await workspace.blob(String(repeating: "x", count: 60_000_000))
            return try await workspace.commit(entries: [RawEntry("100644", "a", blob)])
        },
    ]

    private static func absent() throws -> ObjectID {
        try ObjectID(String(repeating: "1", count: 40)).orThrow()
    }

    private static let long = String(repeating: "a", count: 300)

    @Test(arguments: shapes)
    func isRefused(_ shape: Shape) async throws {
        try await Workspace.with { workspace in
            let commit = try await shape.build(workspace)
            let before = try FileManager.default.subpathsOfDirectory(atPath: workspace.folder).sorted()
            let repository = try GitRepository(bareAt: workspace.bare)
            let error = await expectError(shape.code) {
                try await repository.export(commit, to: "\(workspace.folder)/app.tar")
            }
            #expect(error?.description.contains { $0.isNewline || $0 == "\u{1B}" } == false)
            #expect(try FileManager.default.subpathsOfDirectory(atPath: workspace.folder).sorted() == before)
        }
    }
}

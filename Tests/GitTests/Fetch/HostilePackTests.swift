import Foundation
import Testing

@testable import Git

/// Packs that are small on the wire and enormous when unpacked. Each is fetched in a process of its own, whose memory is
/// looked at.
@Suite struct HostilePackTests {
    /// In the process that fetches: the most memory that it had, beyond what it has after a harmless fetch.
    private static func growth(_ body: () async throws -> Void) async throws -> Int {
        let before = try status("VmRSS")
        try await body()
        return try status("VmHWM") - before
    }

    /// KiB.
    private static func status(_ key: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(key):") }
        return try (line?.split(whereSeparator: \.isWhitespace).dropFirst().first).flatMap { Int($0) }.orThrow()
    }

    private func fetch(
        _ branch: String, _ workspace: Workspace, expecting code: GitError.Code
    ) async throws {
        try await GitServer.with(workspace) { server in
            let (url, path) = (server.url(), "\(workspace.folder)/fetched.git")
            await #expect(processExitsWith: .success) {
                [url = url as String, path = path as String, branch = branch as String, code = code.rawValue as String]
                in
                let remote = try Remote(RemoteURL(url), allowsHTTP: true, allowsPrivateAddresses: true)
                _ = try await GitRepository.fetch(.branch("harmless"), from: remote, into: path)
                let grown = try await HostilePackTests.growth {
                    await expectError(GitError.Code(rawValue: code)) {
                        let fetched = try await GitRepository.fetch(.branch(branch), from: remote, into: path)
                        _ = try await fetched.repository.file("package.json", at: fetched.commit)
                        _ = try await fetched.repository.export(fetched.commit, to: "\(path).tar")
                    }
                }
                #expect(grown < 100 << 10, "\(grown) KiB more")
            }
            #expect(!FileManager.default.fileExists(atPath: "\(path).tar"))
            try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
        }
    }

    /// 512 KiB that are 512 MiB.
    private func inflating(_ workspace: Workspace) async throws -> ObjectID {
        let zeros = "\(workspace.folder)/zeros"
        try await workspace.run("truncate", "--size", "512M", zeros)
        let blob = try await workspace.git("-c", "core.bigFileThreshold=1m", "hash-object", "-w", zeros)
        try FileManager.default.removeItem(atPath: zeros)
        return try ObjectID(blob).orThrow()
    }

    @Test(arguments: ["package.json", "movie.mp4"])
    func aFileThatUnpacksTo512MBIsRefused(_ name: String) async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await workspace.git("branch", "harmless")
            let commit = try await workspace.commit(entries: [RawEntry("100644", name, inflating(workspace))])
            try await workspace.git("branch", "bomb", commit.description)
            try await fetch("bomb", workspace, expecting: .tooLarge)
        }
    }

    /// A tree is read as a whole.
    @Test func aTreeThatUnpacksTo100MBIsRefused() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await workspace.git("branch", "harmless")
            let blob = try await workspace.blob("x")
            let hex = blob.description
            let script = """
                import sys
                blob = bytes.fromhex("\(hex)")
                name = b"a" * 200
                for number in range(400000):
                    sys.stdout.buffer.write(b"100644 " + name + b"%09d" % number + b"\\0" + blob)
                """
            let tree = try await workspace.run(
                "sh", "-c",
                """
                python3 -c '\(script)' | git -C \(workspace.repository) hash-object -t tree -w --literally --stdin
                """)
            let commit = try await workspace.commit(tree: ObjectID(tree).orThrow())
            try await workspace.git("branch", "bomb", commit.description)
            try await fetch("bomb", workspace, expecting: .tooLarge)
        }
    }

    /// A delta that says a megabyte three hundred times is resolved in memory.
    @Test func aDeltaThatUnpacksTo300MBIsRefused() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await workspace.git("branch", "harmless")
            let script = """
                import hashlib, struct, zlib

                def size(number):
                    out = bytearray()
                    while number > 127:
                        out.append(number & 127 | 128)
                        number >>= 7
                    return bytes(out + bytes([number]))

                def entry(kind, length, before, content):
                    first = kind << 4 | length & 15
                    rest = length >> 4
                    return bytes([first | (128 if rest else 0)]) + (size(rest) if rest else b"") + before \
                        + zlib.compress(content)

                base = b"a" * (1 << 20)
                name = hashlib.sha1(b"blob %d\\0" % len(base) + base).digest()
                # Copy 0x100000 bytes from 0.
                delta = size(len(base)) + size(300 * len(base)) + bytes([0x80 | 0x40, 0x10]) * 300
                pack = b"PACK" + struct.pack(">II", 2, 2) + entry(3, len(base), b"", base) \
                    + entry(7, len(delta), name, delta)
                open("\(workspace.folder)/bomb.pack", "wb").write(pack + hashlib.sha1(pack).digest())
                whole = hashlib.sha1(b"blob %d\\0" % (300 * len(base)))
                for _ in range(300):
                    whole.update(base)
                print(name.hex(), whole.hexdigest())
                """
            let names = try await workspace.run("python3", "-c", script).split(separator: " ")
            try await workspace.run(
                "sh", "-c", "git -C \(workspace.repository) index-pack --stdin < \(workspace.folder)/bomb.pack")
            let (base, bomb) = (ObjectID(String(names[0])), ObjectID(String(names[1])))
            let commit = try await workspace.commit(entries: [
                RawEntry("100644", "a", base.orThrow()), RawEntry("100644", "b", bomb.orThrow()),
            ])
            try await workspace.git("branch", "bomb", commit.description)
            try await fetch("bomb", workspace, expecting: .tooLarge)
        }
    }

    @Test func aTreeBombIsRefused() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await workspace.git("branch", "harmless")
            let blob = try await workspace.blob("x")
            var tree = try await workspace.tree((0..<10).map { RawEntry("100644", "\($0)", blob) })
            for _ in 0..<9 {
                let inner = tree
                tree = try await workspace.tree((0..<10).map { RawEntry("40000", "\($0)", inner) })
            }
            let commit = try await workspace.commit(tree: tree)
            try await workspace.git("branch", "bomb", commit.description)
            try await fetch("bomb", workspace, expecting: .tooLarge)
        }
    }
}

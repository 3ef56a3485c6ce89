import AsyncHTTPClient
import FlockTesting
import Foundation
import Marathon
import SystemPackage
import Testing

@testable import FlockEngine

/// Archives that are unpacked without tar(1), beside what tar makes of them.
@Suite(.timeLimit(.minutes(2))) struct TarListingTests {
    private let folder: TemporaryFolder

    init() async throws {
        folder = try TemporaryFolder()
        try await shell(
            #"""
            mkdir -p app/empty app/sub/dir out
            long=$(printf 'n%.0s' $(seq 90)); mkdir -p app/$long/$long
            echo hello > app/sub/dir/file; echo long > app/$long/$long/$long; : > app/nothing
            head -c 300000 /dev/urandom > app/large; head -c 512 /dev/zero > app/zeros
            echo run > app/run; chmod 755 app/run; chmod 4755 app/sub/dir/file; chmod 700 app/sub/dir
            echo odd > "app/$(printf 'odd\377 \n name')"
            ln -s dir/file app/sub/link; ln -s $long/$long/$long app/longlink; touch -d 2001-02-03 app/run
            """#)
    }

    private func shell(_ script: String) async throws {
        let ran = try await run("/bin/bash", ["-exc", "exec 2>&1; " + script], in: folder.path)
        try #require(ran.isSuccess, "\(ran.output)")
    }

    private func listing(_ name: String) throws -> TarListing? {
        let file = try FileDescriptor.open(FilePath("\(folder.path)/\(name)"), .readOnly)
        return try file.closeAfter { try TarListing(of: file) }
    }

    private func unpack(_ name: String, into sandbox: String = "out") async throws {
        try await Archive.tar.unpack(
            "\(folder.path)/\(name)", into: "\(folder.path)/\(sandbox)", sizeLimit: 1 << 20, deadline: .seconds(30))
    }

    /// Everything below a folder, but for the time of folders.
    private func tree(_ root: String) async throws -> String {
        let found = try await run(
            "find",
            [
                ".", "-type", "d", "-printf", #"%P %y %m\0"#, "-o", "-type", "l", "-printf", #"%P %y %l\0"#, "-o",
                "-printf", #"%P %y %m %s %Ts\0"#,
            ], in: "\(folder.path)/\(root)")
        try #require(found.isSuccess, "\(found.output)")
        return found.output.split(separator: "\0").sorted().joined(separator: "\n")
    }

    @Test(arguments: ["gnu", "pax", "ustar"])
    func `a plain archive becomes what tar makes of it`(_ format: String) async throws {
        // The oldest of them has no room for the longest name.
        if format == "ustar" { try await shell("rm -r app/nnn* app/longlink") }
        try await shell(
            """
            tar --format=\(format) -cf app.tar app
            mkdir tar && tar --extract --no-same-owner --no-same-permissions -f app.tar -C tar
            """)
        #expect(try listing("app.tar") != nil)
        try await unpack("app.tar")
        #expect(try await tree("out") == tree("tar"))
        try await shell("cmp out/app/large app/large && diff -r out tar")
    }

    @Test func `the archives of deploys and of git are plain`() async throws {
        try await shell(
            """
            git init -q app && git -C app add . && git -C app -c user.name=a -c user.email=a@b commit -qm one
            git -C app archive HEAD > app.tar
            """)
        #expect(try listing("app.tar")?.members.contains { $0.entry.path == "run" && $0.mode & 0o111 != 0 } == true)
    }

    @Test(arguments: [
        "tar --format=v7 -cf app.tar app/run", "tar -czf app.tar app", "ln app/run app/hard; tar -cf app.tar app",
        "truncate -s 1M app/sparse; tar -Scf app.tar app", "tar -cf app.tar app; truncate -s -9000 app.tar",
        "tar -cf app.tar app/run; truncate -s 1024 app.tar", ": > app.tar", "head -c 10240 /dev/urandom > app.tar",
        "tar --format=pax --pax-option=GNU.other:=1 -cf app.tar app", "mkfifo app/pipe; tar -cf app.tar app",
        "tar -cf app.tar app/run; printf x | dd of=app.tar bs=1 seek=3 conv=notrunc 2>/dev/null",
    ])
    func `what is not so plain is left to tar`(_ script: String) async throws {
        try await shell(script)
        #expect(try listing("app.tar") == nil)
    }

    @Test func `what is in the way is replaced, and links are not followed`() async throws {
        try await shell(
            """
            echo out > outside; mkdir -p out/app out/other; ln -s ../../outside out/app/run; ln -s ../other out/app/sub
            tar -cf app.tar app/run app/sub
            """)
        try await unpack("app.tar")
        try await unpack("app.tar")
        try await shell(
            "test ! -L out/app/run; test ! -L out/app/sub; grep -q out outside; test -z \"$(ls out/other)\"")
        try await shell("rm -r out/app/run; mkdir out/app/run")
        let error = await #expect(throws: EngineError.self) { try await unpack("app.tar") }
        #expect(error?.code == .artifact)
    }

    @Test func `an archive with any bytes changed does no harm`() async throws {
        try await shell("rm app/large; mkdir box; tar --format=pax -cf app.tar app; cp -a . ../$(basename $PWD).copy")
        defer { try? FileManager.default.removeItem(atPath: folder.path + ".copy") }
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder.path + "/app.tar")))
        var random = SystemRandomNumberGenerator()
        for round in 0..<300 {
            var bytes = whole
            let header = Int.random(in: 0..<bytes.count / 512, using: &random) * 512
            // Where the fields are whose checksum is made right again, so that the change is looked at.
            for _ in 0..<3 {
                bytes[header + Int.random(in: 0..<512, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let sum = bytes[header..<header + 512].enumerated()
                .reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
            bytes.replaceSubrange(
                header + 148..<header + 156, with: Array("0\(String(sum, radix: 8))".utf8.prefix(7)) + [0])
            if bytes.count > whole.count { bytes.removeLast(bytes.count - whole.count) }
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/odd.tar"))
            guard let listing = try listing("odd.tar") else { continue }
            for member in listing.members where member.entry.refusal == nil {
                #expect(!member.path.isEmpty && member.offset + member.entry.size <= bytes.count, "round \(round)")
            }
            guard listing.members.allSatisfy({ $0.entry.refusal == nil }) else { continue }
            try? await unpack("odd.tar", into: "box")
        }
        try await shell(
            "rm -rf box ../$(basename $PWD).copy/box odd.tar; diff -r --no-dereference . ../$(basename $PWD).copy")
    }
}

import AsyncHTTPClient
import FlockTesting
import Foundation
import Marathon
import Testing

@testable import FlockEngine

@Suite(.timeLimit(.minutes(2))) struct SandboxFetcherTests {
    let folder: TemporaryFolder
    let sandbox: String

    init() throws {
        folder = try TemporaryFolder()
        sandbox = folder.path + "/outer/sandbox"
        try FileManager.default.createDirectory(atPath: sandbox, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: folder.path + "/app/lib", withIntermediateDirectories: true)
        try "hello\n".write(toFile: folder.path + "/app/file.txt", atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/app/lib/link", withDestinationPath: "../file.txt")
    }

    private func fetch(_ fetches: [Fetch], sizeLimit: Int = 1 << 20) async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        let fetcher = SandboxFetcher(http: http, sizeLimit: sizeLimit, deadline: .seconds(30))
        var failure: (any Error)?
        do {
            for fetch in fetches { try await fetcher.fetch(fetch, into: sandbox) }
        } catch { failure = error }
        try await http.shutdown()
        if let failure { throw failure }
    }

    /// What is said when it is refused.
    private func refusal(_ fetches: [Fetch], sizeLimit: Int = 1 << 20) async -> String {
        do {
            try await fetch(fetches, sizeLimit: sizeLimit)
            return "fetched"
        } catch {
            return (error as? EngineError)?.message ?? "\(error)"
        }
    }

    private func read(_ path: String) -> String? { try? String(contentsOfFile: "\(sandbox)/\(path)", encoding: .utf8) }
    private func mode(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(sandbox)/\(path)")
        return (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    /// Runs Python, whose archive modules write what tar and zip would not.
    private func python(_ code: String) async throws {
        let ran = try await run("/usr/bin/python3", ["-c", code], in: folder.path)
        try #require(ran.isSuccess, "\(ran.output)")
    }

    @Test(arguments: ["app.tar", "app.tar.gz", "app.tgz", "app.tar.bz2", "app.tar.xz", "app.zip"])
    func `an archive is unpacked, with the links that it holds`(_ name: String) async throws {
        if name.hasSuffix("zip") {
            try await python(
                """
                import zipfile
                with zipfile.ZipFile('app.zip', 'w', zipfile.ZIP_DEFLATED) as file:
                    file.write('app/file.txt')
                    link = zipfile.ZipInfo('app/lib/link'); link.create_system = 3; link.external_attr = 0o120777 << 16
                    file.writestr(link, '../file.txt')
                """)
        } else {
            let ran = try await run("tar", ["-caf", name, "app"], in: folder.path)
            try #require(ran.isSuccess, "\(ran.output)")
        }
        try await fetch([Fetch(uri: "\(folder.path)/\(name)")])
        #expect(read("app/file.txt") == "hello\n" && read("app/lib/link") == "hello\n")
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/\(name)"))
        try await fetch([Fetch(uri: "file://\(folder.path)/\(name)", extract: false)])
        #expect(FileManager.default.fileExists(atPath: "\(sandbox)/\(name)"))
    }

    @Test func `files are put where they are asked for, in their order`() async throws {
        try "first".write(toFile: folder.path + "/one", atomically: true, encoding: .utf8)
        try "second".write(toFile: folder.path + "/two", atomically: true, encoding: .utf8)
        try await fetch([
            Fetch(uri: "\(folder.path)/one", destPath: "deep/er/name"), Fetch(uri: "file://\(folder.path)/two"),
            Fetch(uri: "\(folder.path)/two", executable: true, destPath: "run.tar"),
            Fetch(uri: "\(folder.path)/one", destPath: "again"), Fetch(uri: "\(folder.path)/two", destPath: "again"),
        ])
        #expect(read("deep/er/name") == "first" && read("two") == "second" && read("again") == "second")
        #expect(mode("run.tar") == 0o755)
    }

    @Test func `a file comes over HTTP, and an answer that is none is told`() async throws {
        let ran = try await run("tar", ["-caf", "app.tgz", "app"], in: folder.path)
        try #require(ran.isSuccess)
        let port = try await freePorts(1)[0]
        let server = try Process.run(
            URL(fileURLWithPath: "/usr/bin/python3"),
            arguments: ["-m", "http.server", "--bind", "127.0.0.1", "--directory", folder.path, "\(port)"])
        defer { kill(server.processIdentifier, SIGKILL) }
        try await eventually("the server listens") {
            guard let connection = try? await RawConnection.open(port: port) else { return false }
            connection.close()
            return true
        }
        try await fetch([Fetch(uri: "http://127.0.0.1:\(port)/app.tgz?x=1")])
        #expect(read("app/file.txt") == "hello\n")
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox)/app.tgz"))
        let uri = "http://127.0.0.1:\(port)/none.tgz"
        #expect(await refusal([Fetch(uri: uri)]) == "Failed to fetch \(uri): answered 404")
        let large = "http://127.0.0.1:\(port)/app/file.txt"
        #expect(
            await refusal([Fetch(uri: large)], sizeLimit: 5) == "Failed to fetch \(large): is larger than 5 bytes")
    }

    @Test(arguments: ["../out", "/etc/out", "a/../../out", "a/", "..", ".", ""])
    func `a place out of the sandbox is refused`(_ place: String) async throws {
        let uri = "\(folder.path)/app/file.txt"
        let words = await refusal([Fetch(uri: uri, destPath: place)])
        #expect(words == "Failed to fetch \(uri): its place \(place) is not in the sandbox")
    }

    @Test(arguments: ["ftp://host/x", "relative/x", "http:///x", "/nowhere/x", "/etc", "file:///dev/null"])
    func `a source that is none is refused`(_ uri: String) async throws {
        #expect(await refusal([Fetch(uri: uri)]).hasPrefix("Failed to fetch \(uri): "))
    }

    @Test(arguments: [
        "add('/tmp/flock-evil')", "add('../evil')", "add('a/../../evil')",
        "link('out', '/etc')", "link('out', '..')", "link('a', '.'); link('a/b', '..')",
        "link('d', 'e/../..'); add('e/x')", "link('up', '..'); add('up/evil')",
        "link('p', '.'); folder('p/q'); link('p/q/l', '../..')",
        "hard('passwd', '/etc/passwd')", "hard('passwd', '../../evil')",
        "special('disk', tarfile.BLKTYPE)", "special('fifo', tarfile.FIFOTYPE)",
    ])
    func `an archive that reaches out of the sandbox is refused`(_ members: String) async throws {
        try await python(
            """
            import io, tarfile
            tar = tarfile.open('evil.tar', 'w')
            def put(name, kind, target='', data=b''):
                info = tarfile.TarInfo(name); info.type = kind; info.linkname = target; info.size = len(data)
                info.mode = 0o755; tar.addfile(info, io.BytesIO(data))
            def add(name): put(name, tarfile.REGTYPE, '', b'evil')
            def folder(name): put(name, tarfile.DIRTYPE)
            def link(name, target): put(name, tarfile.SYMTYPE, target)
            def hard(name, target): put(name, tarfile.LNKTYPE, target)
            def special(name, kind): put(name, kind)
            \(members)
            tar.close()
            """)
        let uri = "\(folder.path)/evil.tar"
        #expect(await refusal([Fetch(uri: uri)]).hasPrefix("Failed to fetch \(uri): "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/outer") == ["sandbox"])
        #expect(!FileManager.default.fileExists(atPath: "/tmp/flock-evil"))
    }

    @Test(arguments: [
        "add('../evil')", "add('/tmp/flock-evil')", "link('out', '/etc')", "link('up', '..'); add('up/evil')",
    ])
    func `a zip that reaches out of the sandbox is refused`(_ members: String) async throws {
        try await python(
            """
            import zipfile
            file = zipfile.ZipFile('evil.zip', 'w')
            def put(name, mode, data):
                info = zipfile.ZipInfo(name); info.create_system = 3; info.external_attr = mode << 16
                file.writestr(info, data)
            def add(name): put(name, 0o100644, 'evil')
            def link(name, target): put(name, 0o120777, target)
            \(members)
            file.close()
            """)
        let uri = "\(folder.path)/evil.zip"
        #expect(await refusal([Fetch(uri: uri)]).hasPrefix("Failed to fetch \(uri): "))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/outer") == ["sandbox"])
    }

    @Test func `an archive brings no rights along, and no more than is allowed`() async throws {
        try await python(
            """
            import io, tarfile
            tar = tarfile.open('app.tar', 'w')
            info = tarfile.TarInfo('su'); info.mode = 0o6755; info.size = 3; info.uid = 12345
            tar.addfile(info, io.BytesIO(b'abc')); tar.close()
            """)
        let uri = "\(folder.path)/app.tar"
        try await fetch([Fetch(uri: uri)])
        #expect(mode("su") & 0o6000 == 0 && mode("su") & 0o100 != 0)
        let ran = try await run(
            "sh", ["-c", "head -c 3000000 /dev/zero > zeros; tar -czf bomb.tgz zeros"], in: folder.path)
        try #require(ran.isSuccess)
        let words = await refusal([Fetch(uri: "\(folder.path)/bomb.tgz")])
        #expect(words == "Failed to fetch \(folder.path)/bomb.tgz: holds more than 1048576 bytes")
        try Data("no archive".utf8).write(to: URL(fileURLWithPath: folder.path + "/torn.tgz"))
        #expect(await refusal([Fetch(uri: "\(folder.path)/torn.tgz")]).contains("cannot be unpacked: "))
    }

    @Test func `a file does not follow a link that an archive has put there`() async throws {
        try await python(
            "import os, tarfile; os.symlink('app', 'inner')\nwith tarfile.open('l.tar', 'w') as tar: tar.add('inner')")
        try await fetch([
            Fetch(uri: "\(folder.path)/l.tar"), Fetch(uri: "\(folder.path)/app/file.txt", destPath: "inner"),
        ])
        let type = try FileManager.default.attributesOfItem(atPath: "\(sandbox)/inner")[.type] as? FileAttributeType
        #expect(type == .typeRegular && read("inner") == "hello\n")
    }

    @Test func `a task whose files cannot be fetched is told of with the reason`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let task = site.task("echo started") { $0.fetch = [Fetch(uri: "/nowhere/app.tar")] }
            try await agent.start(task)
            let end = try await agent.end(task)
            #expect(end.state == .failed && end.reason == .fetch)
            #expect(end.message == "Failed to fetch /nowhere/app.tar: cannot be read" && site.output(task).isEmpty)
        }
    }
}

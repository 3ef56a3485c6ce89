import FlockTesting
import Foundation
import Testing

@testable import FlockHAProxy

@Suite struct RequestSpoolTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/spool"
        try Data().write(to: URL(fileURLWithPath: path))
    }

    private var spool: RequestSpool { RequestSpool(path: path, mark: "\(folder.path)/mark") }

    /// As HAProxy does, through a descriptor that stays open.
    private func writer() throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_APPEND)
        try #require(descriptor >= 0)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private func text(_ data: Data?) -> String? { data.map { String(decoding: $0, as: UTF8.self) } }

    @Test func `whole lines come, again until they were written, also after a restart`() throws {
        let writer = try writer()
        var spool = spool
        #expect(try spool.next() == nil)
        try writer.write(contentsOf: Data("a\nb\nhal".utf8))
        #expect(try text(spool.next()) == "a\nb\n")
        #expect(try text(spool.next()) == "a\nb\n")
        try spool.advance(past: Data("a\nb\n".utf8))
        #expect(try spool.next() == nil)
        try writer.write(contentsOf: Data("f\n".utf8))
        var next = self.spool
        #expect(try text(next.next()) == "half\n")
    }

    @Test func `what was read gives its blocks back, and the writer goes on`() async throws {
        let writer = try writer()
        var spool = spool
        let line = Data(repeating: UInt8(ascii: "x"), count: 1023) + [UInt8(ascii: "\n")]
        let portion = (0..<1024).reduce(into: Data()) { data, _ in data.append(line) }
        for _ in 0..<40 {
            try writer.write(contentsOf: portion)
            while let data = try spool.next() { try spool.advance(past: data) }
            try await spool.free()
        }
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_blocks * 512 < 24 << 20, "\(status.st_blocks) blocks")
        try writer.write(contentsOf: Data("last\n".utf8))
        #expect(try text(spool.next()) == "last\n")
    }

    @Test func `a spool that somebody has emptied is read from its beginning`() throws {
        let writer = try writer()
        var spool = spool
        try writer.write(contentsOf: Data("a long line\n".utf8))
        try spool.advance(past: try #require(try spool.next()))
        try writer.truncate(atOffset: 0)
        try writer.write(contentsOf: Data("b\n".utf8))
        #expect(try text(spool.next()) == "b\n")
    }

    @Test func `a log of requests has former ones, and loses no line`() throws {
        let log = RequestLogFile(path: "\(folder.path)/requests.log", limit: 100, kept: 3)
        for number in 0..<60 { try log.append(Data("line \(number)\n".utf8)) }
        let files = ["requests.log.3", "requests.log.2", "requests.log.1", "requests.log"].map {
            (try? String(contentsOfFile: "\(folder.path)/\($0)", encoding: .utf8)) ?? ""
        }
        let lines = files.joined().split(separator: "\n")
        #expect(lines.last == "line 59" && lines.count > 30)
        #expect(lines.map(String.init) == (60 - lines.count..<60).map { "line \($0)" })
        #expect(files.allSatisfy { (1...100).contains($0.utf8.count) })
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.filter { $0.hasPrefix("requests.log") }.count == 4)
        let mode = try FileManager.default.attributesOfItem(atPath: log.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }
}

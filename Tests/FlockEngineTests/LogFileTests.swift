import FlockTesting
import Foundation
import Marathon
import SystemPackage
import Testing

@testable import FlockEngine

struct LogFileTests {
    private func size(_ path: String) -> Int? {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.intValue
    }

    @Test func `the writer goes on at the beginning of the same file`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/stdout"
        let writer = try LogFile.open(path)
        defer { try? writer.close() }
        try writer.writeAll(Array(repeating: UInt8(ascii: "a"), count: 100))
        #expect(try !LogFile.rotate(path, limit: 100))
        try writer.writeAll([UInt8(ascii: "b")])
        #expect(try LogFile.rotate(path, limit: 100))
        try writer.writeAll([UInt8(ascii: "c")])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "c")
        #expect(size(path + ".1") == 101)
        // Of what is far too large, the end is kept.
        try writer.writeAll(Array(repeating: UInt8(ascii: "d"), count: 10_000))
        try writer.writeAll([UInt8(ascii: "e")])
        #expect(try LogFile.rotate(path, limit: 100))
        #expect(size(path) == 0 && size(path + ".1") == 200)
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8).last == "e")
    }

    @Test func `what is read ends with a whole character, and says how many bytes it stands for`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/stdout"
        let bytes = Array("a\u{E4}\u{1F426}".utf8) + [0xFF, 0xE2, 0x82] + Array("z\n\u{E4}".utf8)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        for length in 4...bytes.count {
            var (text, offset) = ("", 0)
            while offset < bytes.count {
                let chunk = try LogFile.read(path, from: offset, length: length)
                #expect(chunk.offset == offset && chunk.length <= length)
                try #require(chunk.length > 0)
                text += chunk.data
                offset = chunk.end
            }
            #expect(text == "a\u{E4}\u{1F426}\u{FFFD}\u{FFFD}z\n\u{E4}", "\(length)")
        }
        // A writer may be in the middle of a character.
        try Data(bytes.dropLast()).write(to: URL(fileURLWithPath: path))
        #expect(try LogFile.read(path, from: 0, length: 100).end == bytes.count - 2)
        // Fewer bytes than a character has are not waited for.
        #expect(try LogFile.read(path, from: 3, length: 2).length == 2)
        #expect(try LogFile.read(path, from: 99, length: 100).length == 0)
    }

    @Test func `links that a task puts in the way are not followed`() throws {
        let folder = try TemporaryFolder()
        let other = folder.path + "/other"
        try String(repeating: "x", count: 200).write(toFile: other, atomically: true, encoding: .utf8)
        let path = folder.path + "/stdout"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: other)
        #expect(throws: Errno.self) { try LogFile.rotate(path, limit: 100) }
        #expect(throws: Errno.self) { try LogFile.open(path) }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.linkItem(atPath: other, toPath: path)
        #expect(try !LogFile.rotate(path, limit: 100))
        try FileManager.default.removeItem(atPath: path)
        let writer = try LogFile.open(path)
        try writer.writeAll(Array(repeating: UInt8(ascii: "a"), count: 200))
        try writer.close()
        try FileManager.default.createSymbolicLink(atPath: path + ".1", withDestinationPath: other)
        #expect(try LogFile.rotate(path, limit: 100))
        #expect(try String(contentsOfFile: other, encoding: .utf8) == String(repeating: "x", count: 200))
    }
}

import Marathon
import Testing

@testable import FlockHook

@Suite struct BuildTranscriptTests {
    @Test func `lines are put together from pieces of any size, without colours and progress bars`() {
        let output =
            "-----> npm ci\n\u{1B}[32mgrün\u{1B}[0m\r\n10 %\r20 %\r100 %\n\nb\u{FFFD}d\nlast\nmark: 0 \nmark: 0 \n"
        let characters = Array(output.unicodeScalars).map { String($0) }
        for size in 1...characters.count {
            var transcript = BuildTranscript(mark: "mark:")
            var lines: [String] = []
            for start in stride(from: 0, to: characters.count, by: size) {
                let piece = characters[start..<min(start + size, characters.count)].joined()
                // U+FFFD stands for one byte.
                let length = piece.unicodeScalars.reduce(0) { $0 + ($1 == "\u{FFFD}" ? 1 : String($1).utf8.count) }
                let offset = transcript.offset
                lines += transcript.take(FileChunk(data: piece, offset: offset, length: length))
                #expect(transcript.offset == offset + length)
            }
            #expect(lines == ["-----> npm ci", "grün", "100 %", "", "b\u{FFFD}d", "last"], "\(size)")
            #expect(transcript.exit == 0)
        }
    }

    @Test func `the first status holds, and what only looks like one is output`() {
        var transcript = BuildTranscript(mark: "mark:")
        #expect(transcript.take(FileChunk(data: "xmark: 0\nmark: 2 npm ci\nmark: 0 \n", offset: 0)) == ["xmark: 0"])
        #expect(transcript.exit == 2 && transcript.step == "npm ci")
    }

    @Test func `a file that was rotated is read on from its beginning`() {
        var transcript = BuildTranscript(mark: "mark:")
        #expect(transcript.take(FileChunk(data: "one\ntwo\nthr", offset: 0)) == ["one", "two"])
        #expect(transcript.take(FileChunk(data: "", offset: 4)) == [])
        #expect(transcript.offset == 0)
        #expect(transcript.take(FileChunk(data: "ee\nfour\n", offset: 0)) == ["three", "four"])
    }

    @Test func `a line without an end is shown in parts`() {
        var transcript = BuildTranscript(mark: "mark:")
        let part = String(repeating: "x", count: 20 << 10)
        #expect(transcript.take(FileChunk(data: part, offset: 0)) == [])
        let lines = transcript.take(FileChunk(data: part, offset: part.utf8.count))
        #expect(lines == [String(repeating: "x", count: 2000)])
        #expect(transcript.take(FileChunk(data: "y\n", offset: 2 * part.utf8.count)) == ["y"])
    }
}

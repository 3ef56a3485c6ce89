import Marathon
import Testing

@testable import FlockHook

@Suite struct BuildTranscriptTests {
    @Test func `lines are put together from pieces of any size, without colours and progress bars`() {
        let output = "-----> npm ci\n\u{1B}[32mgrün\u{1B}[0m\n10 %\r20 %\r100 %\n\nlast\nmark: 0 \nmark: 0 \n"
        let bytes = Array(output.utf8)
        for size in 8...bytes.count {
            var transcript = BuildTranscript(mark: "mark:")
            var lines: [String] = []
            var end = 0
            while end < bytes.count {
                end = min(bytes.count, end + size)
                let piece = bytes[transcript.offset..<end]
                lines += transcript.take(
                    FileChunk(data: String(decoding: piece, as: UTF8.self), offset: transcript.offset))
            }
            #expect(lines == ["-----> npm ci", "grün", "100 %", "", "last"], "\(size)")
            #expect(transcript.exit == 0)
        }
    }

    @Test func `the first status holds, and what only looks like one is output`() {
        var transcript = BuildTranscript(mark: "mark:")
        #expect(transcript.take(FileChunk(data: "xmark: 0\nmark: 2 npm ci\nmark: 0 \n", offset: 0)) == ["xmark: 0"])
        #expect(transcript.exit == 2 && transcript.step == "npm ci")
    }

    @Test func `a file that was rotated is read on from its end`() {
        var transcript = BuildTranscript(mark: "mark:")
        _ = transcript.take(FileChunk(data: "one\ntwo\n", offset: 0))
        #expect(transcript.take(FileChunk(data: "", offset: 4)) == [])
        #expect(transcript.offset == 4)
        #expect(transcript.take(FileChunk(data: "three\n", offset: 4)) == ["three"])
    }
}

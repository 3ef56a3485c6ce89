import Testing

@testable import HAProxy

@Suite struct AnswerSplitterTests {
    @Test func promptsAreFoundHoweverTheBytesArrive() {
        let bytes = Array("\n> one\ntwo\n\n> \n> No such server.\n\n> ".utf8)
        for size in 1...bytes.count {
            var splitter = AnswerSplitter(end: .prompts(4))
            for start in stride(from: 0, to: bytes.count, by: size) {
                #expect(!splitter.isComplete)
                splitter.feed(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(splitter.isComplete)
            #expect(
                splitter.answers.map { String(decoding: $0, as: UTF8.self) } == ["", "one\ntwo", "", "No such server."])
        }
    }

    @Test func aCloseBeforeTheLastPromptIsIncomplete() {
        var splitter = AnswerSplitter(end: .prompts(2))
        splitter.feed("\n> half".utf8)
        let isWhole = splitter.finish()
        #expect(!isWhole)
        #expect(splitter.answers.count == 1)
    }

    @Test func anEmptyLineOrACloseEndsTheOnlyAnswer() {
        var splitter = AnswerSplitter(end: .emptyLine)
        splitter.feed("a\nb\n".utf8)
        #expect(!splitter.isComplete)
        splitter.feed("\n".utf8)
        #expect(splitter.answers == [Array("a\nb".utf8)])

        var empty = AnswerSplitter(end: .emptyLine)
        empty.feed("\n".utf8)
        #expect(empty.answers == [[]])

        var closed = AnswerSplitter(end: .emptyLine)
        closed.feed("Can't find\n".utf8)
        let isWhole = closed.finish()
        #expect(isWhole)
        #expect(closed.answers == [Array("Can't find".utf8)])
    }
}

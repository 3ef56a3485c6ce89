import Testing

@testable import Marathon

@Suite struct ServerSentEventParserTests {
    private func texts(_ events: [[UInt8]]) -> [String] { events.map { String(decoding: $0, as: UTF8.self) } }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func `events are whole wherever the bytes are split`(_ end: String) {
        let lines = [
            ":hello", "event: a", "data: {\"x\":1}", "", "", "data:two", "data: lines", "", "id: 7", "data:é", "",
        ]
        let bytes = Array(lines.map { $0 + end }.joined().utf8)
        let expected = ["{\"x\":1}", "two\nlines", "é"]
        for split in 0...bytes.count {
            var parser = ServerSentEventParser()
            let events = parser.push(bytes[..<split]) + parser.push(bytes[split...])
            #expect(texts(events) == expected, "split at \(split)")
        }
        var parser = ServerSentEventParser()
        #expect(texts(bytes.flatMap { parser.push([$0]) }) == expected)
    }

    @Test func `an event without data is none`() {
        var parser = ServerSentEventParser()
        #expect(parser.push("event: x\n\n\n\n: beat\n\n".utf8).isEmpty)
    }

    @Test func `an event that is too large is dropped and the next one taken`() {
        var parser = ServerSentEventParser()
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: ServerSentEventParser.sizeLimit + 1)
        #expect(parser.push(Array("data: ".utf8) + large + Array("\n\n".utf8)).isEmpty)
        #expect(texts(parser.push("data: small\n\n".utf8)) == ["small"])
    }
}

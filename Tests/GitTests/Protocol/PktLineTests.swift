import Testing

@testable import Git

@Suite struct PktLineTests {
    private let packets: [PktLine] = [
        .text("version 2"), .flush, .data([]), .delimiter, .responseEnd, .data([0, 255, 10]),
        .data([UInt8](repeating: 7, count: PktLine.sizeLimit - 4)),
    ]

    @Test func isEncodedAsGitDoes() {
        #expect([PktLine.text("want x"), .flush].encoded == Array("000bwant x\n0000".utf8))
        #expect(PktLine.data([]).encoded == Array("0004".utf8))
    }

    /// The network cuts where it likes.
    @Test(arguments: [1, 2, 3, 5, 7, 4096, 1_000_000])
    func isDecodedFromAnyCut(_ size: Int) throws {
        let bytes = packets.encoded
        var decoder = PktLineDecoder()
        var decoded: [PktLine] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            decoder.append(Array(bytes[start..<min(start + size, bytes.count)]))
            while let packet = try decoder.next() { decoded.append(packet) }
        }
        #expect(decoded == packets)
    }

    @Test(arguments: ["0003", "zzzz", "<!DO", "fff1", "00 4", "+004", "\u{661}00"])
    func refusesWhatIsNoPacket(_ text: String) async {
        await expectError(.fetchFailed) {
            var decoder = PktLineDecoder()
            decoder.append(Array(text.utf8))
            _ = try decoder.next()
        }
    }

    @Test func waitsForTheRest() throws {
        var decoder = PktLineDecoder()
        decoder.append(Array("000".utf8))
        #expect(try decoder.next() == nil)
        decoder.append(Array("9ab".utf8))
        #expect(try decoder.next() == nil)
        decoder.append(Array("cd".utf8) + [0])
        #expect(try decoder.next() == .data(Array("abcd".utf8) + [0]))
    }
}

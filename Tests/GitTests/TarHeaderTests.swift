import Testing

@testable import Git

@Suite struct TarHeaderTests {
    private func text(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    @Test func isOneUstarBlock() {
        let bytes = TarHeader(path: Array("a/b".utf8), kind: .file(size: 9, executable: true), time: 8).bytes
        #expect(bytes.count == 512)
        #expect(text(bytes[0...]) == "a/b")
        #expect(text(bytes[100...]) == "0000755")
        #expect(text(bytes[124...]) == "00000000011")
        #expect(text(bytes[136...]) == "00000000010")
        #expect(bytes[156] == UInt8(ascii: "0"))
        #expect(Array(bytes[257..<265]) == Array("ustar\u{0}00".utf8))
        let sum = bytes.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        #expect(Int(text(bytes[148...]), radix: 8) == sum)
    }

    @Test func putsALongNameIntoAPaxRecord() {
        let path = [UInt8](repeating: UInt8(ascii: "n"), count: 101)
        let bytes = TarHeader(path: path, kind: .file(size: 0, executable: false), time: 0).bytes
        #expect(bytes.count == 3 * 512)
        #expect(bytes[156] == UInt8(ascii: "x"))
        // 3 digits, a space, "path=", the name and a line break.
        #expect(text(bytes[512...]) == "111 path=\(String(decoding: path, as: UTF8.self))\n")
        #expect(text(bytes[124...]) == "00000000157")
        let fits = TarHeader(path: Array(path.dropLast()), kind: .file(size: 0, executable: false), time: 0).bytes
        #expect(fits.count == 512)
    }

    @Test func putsALargeSizeIntoAPaxRecord() {
        let bytes = TarHeader(path: [97], kind: .file(size: 1 << 33, executable: false), time: 0).bytes
        #expect(text(bytes[512...]) == "19 size=8589934592\n")
        let largest = TarHeader(path: [97], kind: .file(size: 1 << 33 - 1, executable: false), time: 0).bytes
        #expect(largest.count == 512)
    }

    @Test(arguments: [(Int64.min, "00000000000"), (-1, "00000000000"), (.max, "77777777777")])
    func keepsTimesWithinTheFormat(_ time: Int64, _ field: String) {
        let bytes = TarHeader(path: [97], kind: .folder, time: time).bytes
        #expect(text(bytes[136...]) == field)
    }
}

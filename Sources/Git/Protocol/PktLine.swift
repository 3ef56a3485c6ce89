/// One packet of git's framing: gitprotocol-common(5), "pkt-line Format", and gitprotocol-v2(5), "Packet-Line Framing".
enum PktLine: Hashable, Sendable {
    case data([UInt8])
    /// `0000`: the message ends.
    case flush
    /// `0001`: the section ends.
    case delimiter
    /// `0002`: the answer ends, of connections that keep no state.
    case responseEnd

    /// Bytes of a packet with its length's four digits.
    static let sizeLimit = 65_520

    /// A line of text, sent with a line break.
    static func text(_ line: String) -> PktLine { .data(Array(line.utf8) + [UInt8(ascii: "\n")]) }

    /// What a packet of text says, without the line break that it may end with; nil for the other kinds, and for bytes
    /// that are not UTF-8.
    var text: String? {
        guard case .data(var bytes) = self else { return nil }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(validating: bytes, as: UTF8.self)
    }

    /// As it goes over the wire.
    var encoded: [UInt8] {
        switch self {
        case .flush: Array("0000".utf8)
        case .delimiter: Array("0001".utf8)
        case .responseEnd: Array("0002".utf8)
        case .data(let bytes): Self.length(bytes.count + 4) + bytes
        }
    }

    private static func length(_ size: Int) -> [UInt8] {
        let digits = String(size, radix: 16)
        return Array((String(repeating: "0", count: 4 - digits.count) + digits).utf8)
    }
}

extension [PktLine] {
    var encoded: [UInt8] { flatMap(\.encoded) }
}

/// Takes packets out of a stream of bytes, wherever it was cut.
struct PktLineDecoder {
    private var buffer: [UInt8] = []
    private var start = 0

    mutating func append(_ bytes: [UInt8]) {
        buffer.removeSubrange(..<start)
        start = 0
        buffer += bytes
    }

    /// The next packet, or nil until more bytes come.
    ///
    /// - Throws: `fetchFailed` where no packet begins.
    mutating func next() throws(GitError) -> PktLine? {
        guard buffer.count - start >= 4 else { return nil }
        var length = 0
        for byte in buffer[start..<(start + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw Self.malformed("a packet's length is not hexadecimal")
            }
            length = length * 16 + digit
        }
        switch length {
        case 0, 1, 2:
            start += 4
            return length == 0 ? .flush : length == 1 ? .delimiter : .responseEnd
        case 4...PktLine.sizeLimit:
            guard buffer.count - start >= length else { return nil }
            defer { start += length }
            return .data(Array(buffer[(start + 4)..<(start + length)]))
        default: throw Self.malformed("a packet of \(length) bytes")
        }
    }

    private static func malformed(_ what: String) -> GitError {
        GitError(
            .fetchFailed, operation: "fetch", message: "the server does not speak git: \(what)",
            hint: "check the repository's URL")
    }
}

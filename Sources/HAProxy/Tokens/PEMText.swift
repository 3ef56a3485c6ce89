/// Certificates and keys as text: blocks of PEM (RFC 7468) and nothing else.
///
/// Not a line of it is empty, which would end the payload of a runtime command. It may hold a private key, so its
/// description tells none of it.
public struct PEMText: Hashable, Sendable, CustomStringConvertible {
    public struct Block: Hashable, Sendable {
        /// What stands behind BEGIN: `CERTIFICATE`, `EC PRIVATE KEY`.
        public let label: String
        /// With its first and last line.
        public let text: String

        public var isCertificate: Bool { label == "CERTIFICATE" }
        /// Also one with a password.
        public var isKey: Bool { label == "PRIVATE KEY" || label.hasSuffix(" PRIVATE KEY") }
    }

    public let blocks: [Block]

    public init(_ blocks: [Block]) {
        self.blocks = blocks
    }

    /// Takes the blocks of a file. What stands between them is left out, and so is a block that holds anything but
    /// base64, such as a key with a password in the old form.
    public init(in text: String) {
        var blocks: [Block] = []
        var open: (label: Substring, lines: [Substring])?
        for line in text.split(whereSeparator: \.isNewline) {
            if let label = Self.label(of: line, "BEGIN") {
                open = (label, [line])
            } else if let block = open {
                open?.lines.append(line)
                if Self.label(of: line, "END") == block.label {
                    let text = (block.lines + [line]).map { "\($0)\n" }.joined()
                    blocks.append(Block(label: String(block.label), text: text))
                    open = nil
                } else if !line.utf8.allSatisfy({ $0.isAlphanumeric || $0.isOne(of: "+/=") }) {
                    open = nil
                }
            }
        }
        self.blocks = blocks
    }

    private static func label(of line: Substring, _ word: String) -> Substring? {
        let (start, end) = ("-----\(word) ", "-----")
        guard line.hasPrefix(start), line.hasSuffix(end), line.utf8.count > start.utf8.count + end.utf8.count else {
            return nil
        }
        let label = line.dropFirst(start.count).dropLast(end.count)
        return label.utf8.allSatisfy { $0.isUpperCaseLetter || $0.isDigit || $0.isOne(of: " ") } ? label : nil
    }

    public var text: String { blocks.map(\.text).joined() }

    public var description: String { "\(blocks.map(\.label))" }
}

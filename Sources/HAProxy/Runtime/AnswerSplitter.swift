/// Cuts what HAProxy sends into answers.
struct AnswerSplitter {
    /// What ends the answers of an exchange.
    enum End: Hashable, Sendable {
        /// Interactive mode: this many answers, each ended by a line that begins with the prompt, "> ".
        case prompts(Int)
        /// One answer that ends in an empty line, or with the connection.
        case emptyLine
        /// One answer that ends with the connection.
        case close
    }

    private let newline = UInt8(ascii: "\n")
    private let end: End
    private var bytes: [UInt8] = []
    private var start = 0
    private var scanned = 0
    private(set) var answers: [[UInt8]] = []

    init(end: End) {
        self.end = end
    }

    /// Whether all answers are whole.
    var isComplete: Bool {
        switch end {
        case .prompts(let count): answers.count >= count
        case .emptyLine, .close: !answers.isEmpty
        }
    }

    mutating func feed(_ more: some Sequence<UInt8>) {
        bytes.append(contentsOf: more)
        switch end {
        case .prompts(let count):
            while answers.count < count, let position = nextPrompt() {
                append(until: position)
                start = position + 3
                scanned = start
            }
        case .emptyLine:
            let tail = bytes.suffix(2)
            if tail.elementsEqual([newline, newline]) || bytes == [newline] { append(until: bytes.count) }
        case .close: break
        }
    }

    /// The connection closed. False if an answer is still missing.
    mutating func finish() -> Bool {
        if case .prompts = end { return isComplete }
        if answers.isEmpty { append(until: bytes.count) }
        return true
    }

    /// Where the newline before the next prompt is. No answer has a line that begins like the prompt.
    private mutating func nextPrompt() -> Int? {
        if let position = Self.prompt(in: bytes.span, from: scanned) { return position }
        scanned = max(scanned, bytes.count - 2)
        return nil
    }

    private static func prompt(in bytes: Span<UInt8>, from start: Int) -> Int? {
        var position = start
        while position + 2 < bytes.count {
            if bytes[position] == UInt8(ascii: "\n"), bytes[position + 1] == UInt8(ascii: ">"),
                bytes[position + 2] == UInt8(ascii: " ")
            {
                return position
            }
            position += 1
        }
        return nil
    }

    private mutating func append(until position: Int) {
        var position = position
        while position > start, bytes[position - 1] == newline { position -= 1 }
        answers.append(Array(bytes[start..<position]))
    }
}

/// Where the text of one cell of a CSV lies, without its quotes.
struct CSVCell {
    var start: Int
    var end: Int
    var hasDoubledQuotes = false

    var isEmpty: Bool { start == end }

    func text(in bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(end - start)
        var position = start
        while position < end {
            text.append(bytes[position])
            position += hasDoubledQuotes && bytes[position] == UInt8(ascii: "\"") ? 2 : 1
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A decimal number with an optional minus; nil for anything else or what doesn't fit.
    func number(in bytes: Span<UInt8>) -> Int? {
        var position = start
        let isNegative = position < end && bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        guard position < end else { return nil }
        var number = 0
        while position < end {
            guard bytes[position].isDigit else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
            position += 1
        }
        return isNegative ? -number : number
    }
}

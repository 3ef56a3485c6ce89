/// Takes the bytes of a `text/event-stream` as they come and gives back the data of each event that is whole.
///
/// Accepts LF, CR LF and CR line ends; comments and fields other than `data` are passed over, since Marathon
/// before 0.11 sent no `event:` line. Source: HTML Living Standard, server-sent events.
public struct ServerSentEventParser: Sendable {
    /// An event larger than this many bytes is dropped; a deployment plan of a large group stays far below.
    public static let sizeLimit = 16 << 20

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var isTooLarge = false
    private var lastWasCarriageReturn = false

    public init() {}

    public mutating func push(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n") where lastWasCarriageReturn:
                lastWasCarriageReturn = false
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                lastWasCarriageReturn = byte == UInt8(ascii: "\r")
                if let event = endLine() { events.append(event) }
            default:
                lastWasCarriageReturn = false
                if line.count < Self.sizeLimit { line.append(byte) } else { isTooLarge = true }
            }
        }
        return events
    }

    private mutating func endLine() -> [UInt8]? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer {
                data.removeAll()
                hasData = false
                isTooLarge = false
            }
            return hasData && !isTooLarge ? data : nil
        }
        let field = Array("data:".utf8)
        guard line.starts(with: field) else { return nil }
        var value = line.dropFirst(field.count)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        guard data.count + value.count <= Self.sizeLimit else {
            isTooLarge = true
            return nil
        }
        if hasData { data.append(UInt8(ascii: "\n")) }
        data.append(contentsOf: value)
        hasData = true
        return nil
    }
}

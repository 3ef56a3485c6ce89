/// The ports that tasks may get: `31000-32000`, both ends included.
public struct PortRange: Sendable, Hashable, Codable {
    public var ports: ClosedRange<Int>

    public init(_ ports: ClosedRange<Int>) {
        self.ports = ports
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let low = ends[0], let high = ends[1], 1 <= low, low <= high, high <= 65535 else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not a range of ports; write 31000-32000")
        }
        ports = low...high
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("\(ports.lowerBound)-\(ports.upperBound)")
    }
}

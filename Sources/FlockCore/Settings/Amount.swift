/// A number, or what the machine has.
public enum Amount: Codable, Sendable, Hashable {
    case auto
    case of(Double)

    /// `nil` for what the machine has.
    public var value: Double? { if case .of(let number) = self { number } else { nil } }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self), text == "auto" {
            self = .auto
        } else if let number = try? container.decode(Double.self), number > 0, number < 1e12 {
            self = .of(number)
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "neither a number above 0 nor auto")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .auto: try container.encode("auto")
        case .of(let number): try container.encode(number)
        }
    }
}

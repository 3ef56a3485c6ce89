/// What is done about tasks whose machine is gone.
public enum UnreachableStrategy: Codable, Sendable, Hashable {
    case disabled
    case enabled(inactiveAfterSeconds: Double, expungeAfterSeconds: Double)

    private enum CodingKeys: String, CodingKey { case inactiveAfterSeconds, expungeAfterSeconds }

    public init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            guard word == "disabled" else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "\"\(word)\" is not \"disabled\""))
            }
            self = .disabled
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self = .enabled(
            inactiveAfterSeconds: try container.decodeIfPresent(Double.self, forKey: .inactiveAfterSeconds) ?? 0,
            expungeAfterSeconds: try container.decodeIfPresent(Double.self, forKey: .expungeAfterSeconds) ?? 0)
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .disabled:
            var container = encoder.singleValueContainer()
            try container.encode("disabled")
        case .enabled(let inactive, let expunge):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(inactive, forKey: .inactiveAfterSeconds)
            try container.encode(expunge, forKey: .expungeAfterSeconds)
        }
    }
}

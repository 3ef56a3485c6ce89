/// A key of any name, to see which ones a document has.
private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Throws for the first key that the type does not have, with the nearest one it has.
    func rejectKeys<Key: CodingKey & CaseIterable>(otherThan _: Key.Type) throws {
        let known = Key.allCases.map(\.stringValue)
        let container = try container(keyedBy: AnyKey.self)
        for key in container.allKeys where !known.contains(key.stringValue) {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: codingPath + [key],
                    debugDescription:
                        "unknown key \"\(key.stringValue)\"; \(Nearest.hint(for: key.stringValue, among: known))"))
        }
    }
}

extension KeyedDecodingContainer {
    func decode<Value: Decodable & Comparable>(
        _ key: Key, in range: ClosedRange<Value>
    ) throws -> Value {
        let value = try decode(Value.self, forKey: key)
        guard range.contains(value) else {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: self,
                debugDescription: "\(value) is out of range; use \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}

/// A piece of a file in a sandbox.
public struct FileChunk: Codable, Sendable, Hashable {
    /// With U+FFFD for bytes that are not UTF-8.
    public var data: String
    /// Bytes before `data`.
    public var offset: Int
    /// Bytes that `data` stands for. Mesos does not say them; there they are those of `data`.
    public var length: Int
    /// Where the next piece begins.
    public var end: Int { offset + length }

    public init(data: String, offset: Int, length: Int? = nil) {
        self.data = data
        self.offset = offset
        self.length = length ?? data.utf8.count
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            data: try values.decode(String.self, forKey: .data), offset: try values.decode(Int.self, forKey: .offset),
            length: try values.decodeIfPresent(Int.self, forKey: .length))
        guard offset >= 0, length >= 0, offset <= Int.max - length else {
            throw DecodingError.dataCorruptedError(forKey: .length, in: values, debugDescription: "no piece of a file")
        }
    }
}

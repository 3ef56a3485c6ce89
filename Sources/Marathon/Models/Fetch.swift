/// A file that is put into the sandbox before the start.
public struct Fetch: Codable, Sendable, Hashable {
    public var uri: String
    /// Whether an archive is unpacked.
    public var extract: Bool
    /// Whether the file is made executable; it is not unpacked then.
    public var executable: Bool
    public var cache: Bool
    /// Where it goes, relative to the sandbox.
    public var destPath: String?

    public init(
        uri: String, extract: Bool = true, executable: Bool = false, cache: Bool = false, destPath: String? = nil
    ) {
        self.uri = uri
        self.extract = extract
        self.executable = executable
        self.cache = cache
        self.destPath = destPath
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        uri = try container.decode(String.self, forKey: .uri)
        extract = try container.decodeIfPresent(Bool.self, forKey: .extract) ?? true
        executable = try container.decodeIfPresent(Bool.self, forKey: .executable) ?? false
        cache = try container.decodeIfPresent(Bool.self, forKey: .cache) ?? false
        destPath = try container.decodeIfPresent(String.self, forKey: .destPath)
    }
}

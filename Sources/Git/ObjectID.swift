internal import CLibgit2

/// The SHA-1 name of a git object: 40 hexadecimal digits, kept in lower case.
public struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// Nil unless `hex` is exactly 40 hexadecimal digits.
    public init?(_ hex: String) {
        guard hex.utf8.count == 40, hex.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
            return nil
        }
        description = hex.lowercased()
    }

    /// Whether this is the id of forty zeros, with which git says "no object", as after a branch was deleted.
    public var isZero: Bool {
        description.utf8.allSatisfy { $0 == UInt8(ascii: "0") }
    }
}

extension ObjectID: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let hex = try container.decode(String.self)
        guard let id = ObjectID(hex) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "an object id is 40 hexadecimal digits")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ObjectID {
    init(_ oid: git_oid) {
        var hex = [CChar](repeating: 0, count: 40)
        withUnsafePointer(to: oid) { _ = git_oid_fmt(&hex, $0) }
        description = String(decoding: hex.lazy.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    var oid: git_oid {
        var oid = git_oid()
        // Cannot fail: an ObjectID holds 40 hexadecimal digits.
        git_oid_fromstr(&oid, description)
        return oid
    }
}

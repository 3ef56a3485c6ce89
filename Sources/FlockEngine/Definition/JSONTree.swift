import Foundation

/// JSON of any shape, as a request's body holds it.
///
/// Of two members with the same key the later one counts. Source: RFC 8259, and Jackson, which Marathon reads with.
enum JSONTree: Sendable, Hashable, Encodable {
    case null
    case boolean(Bool)
    /// Written without fraction and exponent, and within `Int`.
    case integer(Int)
    /// Infinite when it is out of the range of `Double`.
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    /// - Throws: ``EngineError`` of code `syntax`.
    init(_ bytes: [UInt8]) throws {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

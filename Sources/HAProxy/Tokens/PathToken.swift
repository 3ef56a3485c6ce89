/// An absolute path, of a URI or of a map file: `/` and then what RFC 3986, 3.3 allows, with an optional query,
/// at most 1024 bytes.
///
/// Stricter than the RFC: `'`, `;` and `$` are refused, since HAProxy's file or command line gives them a meaning.
/// `%` needs two hexadecimal digits after it. Not for an argument that HAProxy reads as a log format (`uri-lf`).
public struct PathToken: HAProxyToken {
    public static let maximumLength = 1024

    public let rawValue: String

    public init?(rawValue: String) {
        let bytes = Array(rawValue.utf8)
        guard bytes.first == UInt8(ascii: "/"), bytes.count <= Self.maximumLength else { return nil }
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, bytes[index + 1].isHexDigit, bytes[index + 2].isHexDigit else {
                    return nil
                }
                index += 3
            } else {
                guard bytes[index].isAlphanumeric || bytes[index].isOne(of: "/-._~:@!&()*+,=?") else { return nil }
                index += 1
            }
        }
        self.rawValue = rawValue
    }

    /// The path of a file in this folder.
    /// - Parameter name: of characters that a path may hold; anything else is a fault of the program.
    public func appending(_ name: StaticString) -> PathToken {
        guard let path = PathToken("\(rawValue)/\(name)") else { preconditionFailure("no path: \(rawValue)/\(name)") }
        return path
    }
}

/// A pattern of user agents, such as `*uptime*`: `*` stands for any run of characters, upper and lower case are one.
///
/// Only letters, digits, space and `. _ / : + ( ) -` are taken beside `*`, so that a pattern can stand in HAProxy's
/// configuration.
public struct UserAgentPattern: Codable, Sendable, Hashable {
    public let text: String

    public init?(_ text: String) {
        guard IgnorePattern.isSafe(text, beside: " ._/:+()-"), text.first != " ", text.last != " " else { return nil }
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let pattern = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\"\(text)\" is no pattern of user agents; write for example \"*uptime*\", with letters, digits, "
                    + "spaces, . _ / : + ( ) - and *")
        }
        self = pattern
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A pattern of paths, such as `/robots.txt` or `/status/*`: `*` stands for any run of characters, slashes included.
///
/// Of what a path may hold (RFC 3986, 3.3) the marks that mean something in HAProxy's configuration are not taken.
public struct PathPattern: Codable, Sendable, Hashable {
    public let text: String

    public init?(_ text: String) {
        guard text.hasPrefix("/") || text.hasPrefix("*"), IgnorePattern.isSafe(text, beside: "-._~/:@+,=%") else {
            return nil
        }
        // A percent sign begins an escaped byte.
        let escapes = text.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        guard escapes.allSatisfy({ $0.utf8.count >= 2 && $0.prefix(2).allSatisfy(\.isHexDigit) }) else { return nil }
        self.text = text
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let pattern = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\"\(text)\" is no pattern of paths; write for example /robots.txt or /status/*, with letters, "
                    + "digits, - . _ ~ / : @ + , = %XX and *")
        }
        self = pattern
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

private enum IgnorePattern {
    /// Whether the text holds letters, digits, `*` and these marks only, and something beside `*`: what fits every
    /// request would put every app to sleep for good.
    static func isSafe(_ text: String, beside marks: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "*"
                    || marks.unicodeScalars.contains($0)
            }
            && text.contains { $0 != "*" && $0 != "/" }
    }
}

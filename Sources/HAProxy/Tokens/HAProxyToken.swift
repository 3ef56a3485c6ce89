/// A value checked once, when it is made, so that it can stand in a configuration file or a runtime command.
///
/// HAProxy's command line splits at `;` and newline, and its file at white space, quotes, `#` and `\`
/// (Management Guide, 9.3; Configuration Manual, 2.2). No token can hold any of these.
public protocol HAProxyToken: RawRepresentable, Hashable, Sendable, CustomStringConvertible
where RawValue == String {
    /// Fails unless the whole text is in the token's grammar.
    init?(rawValue: String)
}

extension HAProxyToken {
    public init?(_ text: String) {
        self.init(rawValue: text)
    }

    /// A word of the program itself; one that is no token is a fault of the program.
    public init(literal: StaticString) {
        guard let token = Self("\(literal)") else { preconditionFailure("no token: \(literal)") }
        self = token
    }

    public var description: String { rawValue }
}

extension UInt8 {
    var isLowerCaseLetter: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
    var isUpperCaseLetter: Bool { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") }
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    var isAlphanumeric: Bool { isLowerCaseLetter || isUpperCaseLetter || isDigit }
    var isHexDigit: Bool {
        isDigit || (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "f"))
            || (self >= UInt8(ascii: "A") && self <= UInt8(ascii: "F"))
    }

    func isOne(of characters: String) -> Bool {
        characters.utf8.contains(self)
    }
}

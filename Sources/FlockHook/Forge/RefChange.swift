/// One ref that a push moved, made or deleted.
struct RefChange: Sendable, Hashable {
    enum Ref: Sendable, Hashable {
        case branch(String)
        case tag(String)
        case other(String)
    }

    /// `refs/heads/main`.
    let name: String
    /// The object it led to; `nil` when it is new.
    let before: String?
    /// The object it leads to, which for an annotated tag is no commit; `nil` when it was deleted. Of a pull request it
    /// may be abbreviated.
    let after: String?

    /// - Parameters: what a forge wrote; forty zeros (sixty-four with SHA-256), nothing, or `nil` for no object.
    ///   - mayAbbreviate: whether seven digits are enough.
    /// - Throws: ``DeliveryRefusal`` for what git would not take.
    init(name: String, before: String?, after: String?, mayAbbreviate: Bool = false) throws(DeliveryRefusal) {
        guard Self.isName(name) else {
            throw DeliveryRefusal(.payloadInvalid, "the ref \(name.prefix(100).debugDescription) is no ref of git")
        }
        self.name = name
        self.before = try Self.object(before, mayAbbreviate)
        self.after = try Self.object(after, mayAbbreviate)
    }

    /// What a forge says of a push of one ref, of which it has to say both.
    /// - Throws: ``DeliveryRefusal``.
    init(pushed name: String?, before: String?, after: String?, isDeleted: Bool = false) throws(DeliveryRefusal) {
        guard let name, let after else {
            throw DeliveryRefusal(.payloadInvalid, "a push without \"ref\" or \"after\"")
        }
        try self.init(name: name, before: before, after: isDeleted ? nil : after)
    }

    var ref: Ref {
        if name.hasPrefix("refs/heads/") { return .branch(String(name.dropFirst(11))) }
        if name.hasPrefix("refs/tags/") { return .tag(String(name.dropFirst(10))) }
        return .other(name)
    }

    /// Source: git-check-ref-format(1), as far as it keeps surprises out of logs, tables and paths.
    private static func isName(_ name: String) -> Bool {
        (1...1000).contains(name.utf8.count) && name.hasPrefix("refs/") && !name.hasSuffix("/")
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f } && !name.contains { "~^:?*[\\".contains($0) }
            && !["..", "@{", "//", "/."].contains { name.contains($0) }
            // The ends of lines beyond ASCII, and signs that turn text round.
            && !name.unicodeScalars.contains {
                [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
            }
    }

    private static func object(_ text: String?, _ mayAbbreviate: Bool) throws(DeliveryRefusal) -> String? {
        guard let text, !text.isEmpty else { return nil }
        let length = text.utf8.count
        guard [40, 64].contains(length) || mayAbbreviate && (7...64).contains(length),
            text.utf8.allSatisfy({ Hex.value($0) != nil })
        else {
            throw DeliveryRefusal(.payloadInvalid, "\(text.prefix(100).debugDescription) is no object of git")
        }
        return text.utf8.allSatisfy { $0 == UInt8(ascii: "0") } ? nil : text.lowercased()
    }
}

/// Chooses apps by their labels: `a, b==1, c!=2, d in (1, 2), e notin (3)`, all of which have to hold. A backslash
/// takes the next character as it is. Source: Marathon's LabelSelectorParsers.
struct LabelSelector: Sendable, Hashable {
    private struct Requirement: Sendable, Hashable {
        var key: String
        /// `nil`: the label only has to be there.
        var values: Set<String>?
        var isNegated = false
    }

    private let requirements: [Requirement]

    /// - Throws: ``EngineError`` `invalid` with the place that makes no sense.
    init(_ text: String) throws {
        var reader = Reader(text)
        var requirements: [Requirement] = []
        repeat { requirements.append(try reader.requirement()) } while reader.take(",")
        guard reader.isAtEnd else { throw reader.failure }
        self.requirements = requirements
    }

    func accepts(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            guard let values = requirement.values else { return labels[requirement.key] != nil }
            guard let value = labels[requirement.key] else { return requirement.isNegated }
            return values.contains(value) != requirement.isNegated
        }
    }

    private struct Reader {
        private var rest: Substring
        private let text: String

        init(_ text: String) {
            self.text = text
            rest = text[...]
        }

        var isAtEnd: Bool { rest.allSatisfy(\.isWhitespace) }

        var failure: EngineError {
            EngineError(
                code: .invalid,
                message: "Can not parse label selector \(text): unexpected \"\(rest.prefix(20))\" at "
                    + "\(text.distance(from: text.startIndex, to: rest.startIndex))")
        }

        mutating func take(_ symbol: String) -> Bool {
            let trimmed = rest.drop(while: \.isWhitespace)
            guard trimmed.hasPrefix(symbol) else { return false }
            rest = trimmed.dropFirst(symbol.count)
            return true
        }

        mutating func requirement() throws -> Requirement {
            let key = try word()
            if take("==") { return Requirement(key: key, values: [try word()]) }
            if take("!=") { return Requirement(key: key, values: [try word()], isNegated: true) }
            if take("notin") { return Requirement(key: key, values: try list(), isNegated: true) }
            if take("in") { return Requirement(key: key, values: try list()) }
            return Requirement(key: key)
        }

        private mutating func list() throws -> Set<String> {
            guard take("(") else { throw failure }
            var values: Set<String> = []
            repeat { values.insert(try word()) } while take(",")
            guard take(")") else { throw failure }
            return values
        }

        private mutating func word() throws -> String {
            rest = rest.drop(while: \.isWhitespace)
            var word = ""
            while let character = rest.first {
                if character == "\\", let next = rest.dropFirst().first {
                    word.append(next)
                    rest = rest.dropFirst(2)
                } else if character.isLetter || character.isNumber || "-_./".contains(character) {
                    word.append(character)
                    rest = rest.dropFirst()
                } else {
                    break
                }
            }
            guard !word.isEmpty else { throw failure }
            return word
        }
    }
}

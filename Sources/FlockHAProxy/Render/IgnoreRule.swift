import FlockCore

/// A pattern of requests that do not count as use, as HAProxy matches it fastest.
struct IgnoreRule: Sendable, Hashable {
    enum Match: String, Sendable { case str, beg, end, sub, reg }

    /// What it is held against.
    var fetch: String
    var match: Match
    var isCaseless: Bool
    /// Stands between single quotes: the patterns have none (``UserAgentPattern``, ``PathPattern``).
    var pattern: String

    static func all(_ ignore: Settings.Ignore) -> [IgnoreRule] {
        ignore.userAgents.map { IgnoreRule($0.text, of: "req.fhdr(user-agent)", isCaseless: true) }
            + ignore.paths.map { IgnoreRule($0.text, of: "path", isCaseless: false) }
    }

    /// - Parameter glob: with `*` for any run of characters.
    init(_ glob: String, of fetch: String, isCaseless: Bool) {
        self.fetch = fetch
        self.isCaseless = isCaseless
        let parts = glob.split(separator: "*", omittingEmptySubsequences: false)
        let words = parts.filter { !$0.isEmpty }
        guard words.count == 1, let word = words.first else {
            match = .reg
            pattern = "^" + parts.map(Self.escaped).joined(separator: ".*") + "$"
            return
        }
        pattern = String(word)
        match =
            switch (glob.hasPrefix("*"), glob.hasSuffix("*")) {
            case (false, false): .str
            case (false, true): .beg
            case (true, false): .end
            case (true, true): .sub
            }
    }

    private static func escaped(_ text: Substring) -> String {
        text.reduce(into: "") { result, character in
            if !character.isLetter && !character.isNumber { result += "\\" }
            result.append(character)
        }
    }
}

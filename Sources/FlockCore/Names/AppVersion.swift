/// A program's version: semantic versioning 2.0.0, one leading `v` or `=` allowed.
public struct AppVersion: Sendable, Hashable, CustomStringConvertible {
    /// As it stands in a Marathon id: `1.0.1`, or with a pre-release or build part `1.0.0-rc-1-r7s5`, where
    /// four characters of a hash keep `1.0.0-rc.1` and `1.0.0+rc.1` apart.
    public let idText: String

    /// As it stands in a host name: dots are hyphens.
    public var hostText: String { String(idText.map { $0 == "." ? "-" : $0 }) }

    public init(_ version: String) throws(NameError) {
        func invalid(_ why: String) -> NameError {
            NameError(code: .versionInvalid, message: "\(why); a version looks like 1.0.1 or 1.0.0-rc.1")
        }
        guard version.utf8.count <= 256 else { throw invalid("the version is longer than 256 bytes") }
        var exact = version[...]
        while exact.first?.isWhitespace == true { exact.removeFirst() }
        while exact.last?.isWhitespace == true { exact.removeLast() }
        if let first = exact.first, first == "v" || first == "=" { exact.removeFirst() }

        var core = exact
        var build: Substring?
        if let plus = core.firstIndex(of: "+") {
            build = core[core.index(after: plus)...]
            core = core[..<plus]
        }
        var prerelease: Substring?
        if let hyphen = core.firstIndex(of: "-") {
            prerelease = core[core.index(after: hyphen)...]
            core = core[..<hyphen]
        }
        let numbers = core.split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 3, numbers.allSatisfy(Self.isNumber) else {
            throw invalid("\"\(version)\" is not a version")
        }
        for part in [prerelease, build].compactMap(\.self) {
            guard part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isIdentifier) else {
                throw invalid("\"\(version)\" has an empty or odd part")
            }
        }
        if let prerelease {
            let parts = prerelease.split(separator: ".")
            guard !parts.contains(where: { $0.allSatisfy(\.isNumber) && !Self.isNumber($0, limit: 256) }) else {
                throw invalid("\"\(version)\" has a number with a leading zero")
            }
        }
        let base = numbers.joined(separator: ".")
        guard prerelease != nil || build != nil else {
            idText = base
            return
        }
        let rest = String(exact.dropFirst(base.utf8.count)).asLabel()
        let cut = String(rest.prefix(16)).trimmingHyphens()
        idText = ([base] + (cut.isEmpty ? [] : [cut]) + [ShortHash.of(String(exact), length: 4)])
            .joined(separator: "-")
    }

    private static func isNumber(_ text: Substring) -> Bool { isNumber(text, limit: 9) }

    private static func isNumber(_ text: Substring, limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && (text == "0" || text.first != "0")
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
            }
    }

    public var description: String { idText }
}

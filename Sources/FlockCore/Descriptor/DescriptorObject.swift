/// What comes to light while a document is read.
final class DescriptorFindings {
    var problems: [DescriptorError] = []
    /// The keys that were asked for, by the place of their object: `flock.scale`, `checks[]`.
    private(set) var keys: [String: Set<String>] = [:]

    func asked(_ key: String, at place: String) { keys[place, default: []].insert(key) }
}

/// An object of the document and the key that leads to it. What cannot be read is noted and left out, so that one
/// reading finds all that is wrong.
struct DescriptorObject {
    let keys: [String: JSONValue]
    /// Such as `checks[2]`; `nil` for the document itself.
    let path: String?
    /// The same for every element of a list: `checks[]`.
    let place: String
    let findings: DescriptorFindings

    /// - Returns: `nil`, and notes it, for what is no object.
    init?(_ value: JSONValue, at path: String?, place: String, _ findings: DescriptorFindings) {
        guard case .object(let keys) = value else {
            findings.problems.append(
                DescriptorError(.wrongType, key: path, message: "is \(value.spoken); it has to be an object"))
            return nil
        }
        self.keys = keys
        self.path = path
        self.place = place
        self.findings = findings
    }

    func full(_ key: String) -> String { path.map { "\($0).\(key)" } ?? key }

    func value(_ key: String) -> JSONValue? {
        findings.asked(key, at: place)
        guard let value = keys[key], value != .null else { return nil }
        return value
    }

    func note(_ code: DescriptorError.Code, _ key: String?, _ message: String) {
        findings.problems.append(DescriptorError(code, key: key.map(full) ?? path, message: message))
    }

    func wrong(_ key: String, _ value: JSONValue, _ right: String) {
        note(.wrongType, key, "is \(value.spoken); it has to be \(right)")
    }

    /// More of them help nobody.
    private static let mostUnknown = 20

    /// To be called when all keys were asked for: others are unknown.
    func close() {
        let known = findings.keys[place] ?? []
        let unknown = keys.keys.filter { !known.contains($0) }.sorted()
        for key in unknown.prefix(Self.mostUnknown) {
            note(.unknownKey, key.printable, "is not known; \(Nearest.hint(for: key.printable, among: known.sorted()))")
        }
        let rest = unknown.count - Self.mostUnknown
        if rest > 0 { note(.unknownKey, nil, "has \(rest) more keys that are not known") }
    }

    // MARK: Values

    func object(_ key: String) -> DescriptorObject? {
        value(key).flatMap {
            DescriptorObject($0, at: full(key), place: place.isEmpty ? key : "\(place).\(key)", findings)
        }
    }

    /// Objects.
    func list(_ key: String) -> [DescriptorObject]? {
        guard let value = value(key) else { return nil }
        guard case .array(let items) = value else {
            wrong(key, value, "a list")
            return nil
        }
        guard items.count <= 16 else {
            note(.outOfRange, key, "has \(items.count) entries; use at most 16")
            return nil
        }
        return items.enumerated().compactMap { index, item in
            DescriptorObject(item, at: "\(full(key))[\(index)]", place: "\(key)[]", findings)
        }
    }

    /// A list of what can be made of strings; others are noted.
    /// - Parameters:
    ///   - counts: how many there may be.
    ///   - right: what the list has to be.
    ///   - each: what an element has to be.
    func list<Element>(
        _ key: String, _ counts: ClosedRange<Int>, _ right: String, each: String,
        _ element: (String) -> Element?
    ) -> [Element]? {
        guard let value = value(key) else { return nil }
        guard case .array(let items) = value, counts.contains(items.count) else {
            wrong(key, value, right)
            return nil
        }
        return items.enumerated().compactMap { index, item in
            if case .string(let text) = item, let element = element(text) { return element }
            wrong("\(key)[\(index)]", item, each)
            return nil
        }
    }

    func string(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        if case .string(let text) = value { return text }
        wrong(key, value, "a string")
        return nil
    }

    func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let value = value(key) else { return nil }
        guard case .number(let number) = value else {
            wrong(key, value, "a number")
            return nil
        }
        guard range.contains(number) else {
            let (low, high) = (JSONValue.number(range.lowerBound).spoken, JSONValue.number(range.upperBound).spoken)
            note(.outOfRange, key, "is \(value.spoken); use \(low) to \(high)")
            return nil
        }
        return number
    }

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = number(key, in: Double(range.lowerBound)...Double(range.upperBound)) else { return nil }
        if let integer = Int(exactly: number) { return integer }
        wrong(key, .number(number), "a whole number")
        return nil
    }

    func bool(_ key: String) -> Bool? {
        guard let value = value(key) else { return nil }
        if case .bool(let bool) = value { return bool }
        wrong(key, value, "true or false")
        return nil
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String, _: Choice.Type) -> Choice? {
        guard let text = string(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map { "\"\($0.rawValue)\"" }
        wrong(
            key, .string(text), [names.dropLast().joined(separator: ", "), names.last ?? ""].joined(separator: " or "))
        return nil
    }

    func span(_ key: String, in range: ClosedRange<Duration>? = nil) -> TimeSpan? {
        guard let text = string(key) else { return nil }
        guard let span = TimeSpan(text) else {
            wrong(key, .string(text), "a length of time such as \"30s\" or \"5m\"")
            return nil
        }
        guard range?.contains(span.duration) ?? true else {
            let (low, high) = (range.map { TimeSpan($0.lowerBound) }, range.map { TimeSpan($0.upperBound) })
            note(.outOfRange, key, "is \(span); use \(low?.description ?? "") to \(high?.description ?? "")")
            return nil
        }
        return span
    }
}

import Foundation

/// What JSON has to look like before it becomes a value: types, mandatory keys and bounds, as Marathon's RAML has them.
///
/// Reading leaves out nulls and unknown keys, writes words in their own case and whole numbers without fraction.
/// Errors are those of Play's JSON library, which Marathon answers as they are.
indirect enum Shape: Sendable {
    /// - Parameter length: in UTF-16 code units, as Java counts.
    case string(length: ClosedRange<Int> = 0...Int.max)
    /// One of these, in any case.
    case word([String])
    case boolean
    case integer(ClosedRange<Int> = 0...Int(Int32.max))
    case number(from: Double = 0)
    case list(Shape)
    case map(Shape)
    case object([String: Field])
    /// The second for objects, the first for all else.
    case either(Shape, object: Shape)
    /// Of a feature that this engine does not have; an empty object is let pass.
    case feature(String)
    /// For shapes that hold themselves.
    case deferred(@Sendable () -> Shape)

    struct Field: Sendable {
        var shape: Shape
        var isRequired: Bool
    }

    /// What was found while reading.
    struct Findings: Sendable {
        var json = Violations()
        var rules = Violations()
    }

    /// - Throws: ``EngineError`` of code `invalid` with all that is wrong.
    func read(_ tree: JSONTree) throws -> JSONTree {
        var findings = Findings()
        let tree = read(tree, at: "", &findings)
        try findings.json.check("Invalid JSON")
        try findings.rules.check()
        return tree ?? .null
    }

    /// Reads and makes a value of it.
    func decode<Value: Decodable>(_ type: Value.Type, from tree: JSONTree) throws -> Value {
        let data = try JSONEncoder().encode(try read(tree))
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw EngineError(
                code: .invalid, message: "Invalid JSON", details: [.init(path: "/", errors: ["error.expected.\(type)"])]
            )
        }
    }

    // MARK: Parts

    private func read(_ tree: JSONTree, at path: String, _ findings: inout Findings) -> JSONTree? {
        switch (self, tree) {
        case (.deferred(let shape), _): return shape().read(tree, at: path, &findings)
        case (.either(_, let shape), .object): return shape.read(tree, at: path, &findings)
        case (.either(let shape, _), _): return shape.read(tree, at: path, &findings)
        case (.feature(let name), .object(let members)):
            if !members.isEmpty {
                findings.rules.add(path, "Feature \(name) is not enabled. Enable with --enable_features \(name))")
            }
            return nil
        case (.string(let length), .string(let text)):
            let count = text.utf16.count
            if count < length.lowerBound { findings.json.add(path, "error.minLength") }
            if count > length.upperBound { findings.json.add(path, "error.maxLength") }
            return tree
        case (.word(let words), .string(let text)):
            let word = words.first { $0.lowercased() == text.lowercased() }
            if word == nil { findings.json.add(path, "error.unknown.enum.literal") }
            return word.map(JSONTree.string)
        case (.boolean, .boolean): return tree
        case (.integer(let bounds), .integer), (.integer(let bounds), .number):
            return integer(tree, bounds, at: path, &findings)
        case (.number(let least), .integer(let value)):
            if Double(value) < least { findings.json.add(path, "error.min") }
            return tree
        case (.number(let least), .number(let value)) where value.isFinite:
            if value < least { findings.json.add(path, "error.min") }
            return tree
        case (.list(let shape), .array(let elements)):
            return .array(
                elements.enumerated().compactMap { shape.read($1, at: "\(path)(\($0))", &findings) })
        case (.map(let shape), .object(let members)):
            var map: [String: JSONTree] = [:]
            // In order, so that the answer to one request is always the same.
            for (key, value) in members.sorted(by: { $0.key < $1.key }) where value != .null {
                map[key] = shape.read(value, at: "\(path)/\(key)", &findings)
            }
            return .object(map)
        case (.object(let fields), .object(let members)):
            var object: [String: JSONTree] = [:]
            for (key, field) in fields.sorted(by: { $0.key < $1.key }) {
                if let value = members[key], value != .null {
                    object[key] = field.shape.read(value, at: "\(path)/\(key)", &findings)
                } else if field.isRequired {
                    findings.json.add("\(path)/\(key)", "error.path.missing")
                }
            }
            return .object(object)
        default:
            findings.json.add(path, "error.expected.\(expected)")
            return nil
        }
    }

    private func integer(_ tree: JSONTree, _ bounds: ClosedRange<Int>, at path: String, _ findings: inout Findings)
        -> JSONTree?
    {
        let value: Int? =
            switch tree {
            case .integer(let value): Int32(exactly: value).map(Int.init)
            case .number(let value): Int32(exactly: value).map(Int.init)
            default: nil
            }
        guard let value else {
            findings.json.add(path, "error.expected.int")
            return nil
        }
        if value < bounds.lowerBound { findings.json.add(path, "error.min") }
        if value > bounds.upperBound { findings.json.add(path, "error.max") }
        return .integer(value)
    }

    /// Play's name of the type.
    private var expected: String {
        switch self {
        case .string, .word: "jsstring"
        case .boolean: "jsboolean"
        case .integer, .number: "jsnumber"
        case .list: "jsarray"
        case .map, .object, .feature: "jsobject"
        case .either(let shape, _): shape.expected
        case .deferred(let shape): shape().expected
        }
    }
}

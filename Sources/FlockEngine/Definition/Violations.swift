/// What is wrong in a definition, by path in the order it was found. Source: Marathon's api/v2/Validation.scala.
struct Violations: Sendable {
    /// More help nobody, and a hostile body could ask for millions.
    private static let limit = 100

    private(set) var details: [EngineError.Detail] = []
    private var indices: [String: Int] = [:]
    private var count = 0

    init(_ details: [EngineError.Detail] = []) {
        for detail in details {
            for error in detail.errors { add(detail.path, error) }
        }
    }

    /// - Parameter path: `/key(index)/key`; empty for the whole.
    mutating func add(_ path: String, _ error: String) {
        guard count < Self.limit else { return }
        count += 1
        let path = path.isEmpty ? "/" : path
        if let index = indices[path] {
            details[index].errors.append(error)
        } else {
            indices[path] = details.count
            details.append(.init(path: path, errors: [error]))
        }
    }

    mutating func require(_ condition: Bool, _ path: String, _ error: @autoclosure () -> String) {
        if !condition { add(path, error()) }
    }

    /// Takes over what was found in a part of the whole.
    /// - Parameter path: where the part is; empty when it is the whole.
    mutating func add(_ other: Violations, under path: String) {
        for detail in other.details {
            for error in detail.errors { add(detail.path == "/" ? path : path + detail.path, error) }
        }
    }

    /// - Parameter message: `Invalid JSON` for what cannot be read, `Object is not valid` for what breaks a rule.
    /// - Throws: ``EngineError`` of code `invalid` when there is a violation.
    func check(_ message: String = "Object is not valid") throws {
        guard details.isEmpty else { throw EngineError(code: .invalid, message: message, details: details) }
    }
}

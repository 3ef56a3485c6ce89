import Marathon

/// What a request says of an app. Source: Marathon's AppsResource and AppUpdate.
enum AppChange: Sendable, Hashable {
    /// The keys that are given, in canonical form; the id is absolute.
    case definition(AppDefinition)
    /// The app's definition of then is put back.
    case rollback(version: String)

    /// `PUT` or `PATCH /v2/apps/ID`.
    /// - Parameters:
    ///   - id: of the path, absolute.
    ///   - isFull: whether the body replaces the definition (`partialUpdate=false`): a `version` means nothing then.
    /// - Throws: ``EngineError`` of code `syntax` or `invalid`.
    init(_ body: [UInt8], of id: String, isFull: Bool = false) throws {
        self = try Self(Shape.appUpdate.read(JSONTree(body)), of: id, isFull: isFull)
    }

    /// `POST /v2/apps`: what a client echoes of an earlier answer (`version`, `tasks`, …) means nothing.
    /// - Throws: ``EngineError`` of code `syntax` or `invalid`.
    static func creation(_ body: [UInt8]) throws -> AppDefinition {
        try Shape.nestedApp.decode(AppDefinition.self, from: JSONTree(body)).canonical(under: DefinitionPath.root)
    }

    /// `PUT` or `PATCH /v2/apps`: a list of changes, each with the id of its app.
    /// - Throws: ``EngineError`` of code `syntax` or `invalid`; paths begin with the place in the list.
    static func list(_ body: [UInt8], isFull: Bool = false) throws -> [(id: String, change: AppChange)] {
        guard case .array(let trees) = try Shape.appUpdates.read(JSONTree(body)) else { return [] }
        var violations = Violations()
        var changes: [(id: String, change: AppChange)] = []
        for (index, tree) in trees.enumerated() {
            guard case .object(let members) = tree, case .string(let text) = members["id"] else { continue }
            do {
                guard let id = DefinitionPath.resolve(text, under: DefinitionPath.root) else {
                    throw EngineError(
                        code: .invalid, message: "", details: [.init(path: "/id", errors: [DefinitionPath.outside])])
                }
                changes.append((id, try AppChange(tree, of: id, isFull: isFull)))
            } catch let error as EngineError where !error.details.isEmpty {
                violations.add(Violations(error.details), under: "(\(index))")
            }
        }
        let ids = changes.map(\.id)
        violations.require(Set(ids).count == ids.count, "", "Elements must be unique.")
        try violations.check()
        return changes
    }

    private init(_ tree: JSONTree, of id: String, isFull: Bool) throws {
        guard case .object(var members) = tree else { throw EngineError(code: .invalid, message: "Invalid JSON") }
        if case .string(let given) = members["id"], !Self.agrees(given, with: id) {
            throw EngineError(
                code: .invalid, message: "Object is not valid",
                details: [.init(path: "/id", errors: ["is \(given), but the request's path says \(id)"])])
        }
        members["id"] = .string(id)
        let version = members.removeValue(forKey: "version")
        if case .string(let version) = version, !isFull {
            guard members.count == 1 else {
                throw EngineError(
                    code: .invalid, message: "Object is not valid",
                    details: [
                        .init(
                            path: "/", errors: ["The 'version' field may only be combined with the 'id' field."])
                    ])
            }
            self = .rollback(version: version)
            return
        }
        self = .definition(
            try Shape.app.decode(AppDefinition.self, from: .object(members)).canonical(under: DefinitionPath.root))
    }

    /// A relative id may be meant from the root or from the app's group.
    private static func agrees(_ given: String, with id: String) -> Bool {
        [DefinitionPath.root, DefinitionPath.parent(of: id)].contains {
            DefinitionPath.resolve(given, under: $0) == id
        }
    }
}

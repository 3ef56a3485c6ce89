/// What a request wants of a group. Source: Marathon's GroupsResource and GroupUpdate.
struct GroupChange: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// The group becomes what is said.
        case full(GroupDefinition)
        /// Every app's instances are multiplied; 0 suspends them all.
        case scaleBy(Double)
        /// The group's apps and groups of then are put back.
        case rollback(version: String)
    }

    /// Absolute.
    var id: String
    var kind: Kind

    init(rollback version: String, of group: String) {
        (id, kind) = (group, .rollback(version: version))
    }

    /// - Parameter group: of the request's path, absolute; an id in the body starts from it.
    /// - Throws: ``EngineError`` of code `syntax` or `invalid`.
    init(_ body: [UInt8], of group: String) throws {
        let tree = try JSONTree(body)
        guard case .object(let members) = try Shape.groupUpdate.read(tree) else {
            throw EngineError(code: .invalid, message: "Invalid JSON")
        }
        var violations = Violations()
        for key in ["scaleBy", "version"] where members[key] != nil {
            violations.require(members.count == 1, "/\(key)", "not allowed in conjunction with other properties.")
        }
        try violations.check()

        if case .string(let version) = members["version"] {
            (id, kind) = (group, .rollback(version: version))
            return
        }
        switch members["scaleBy"] {
        case .integer(let factor): (id, kind) = (group, .scaleBy(Double(factor)))
        case .number(let factor): (id, kind) = (group, .scaleBy(factor))
        default:
            let definition = try Shape.groupUpdate.decode(GroupDefinition.self, from: tree)
            guard let id = DefinitionPath.resolve(definition.id ?? "", under: group) else {
                throw EngineError(
                    code: .invalid, message: "Object is not valid",
                    details: [.init(path: "/id", errors: [DefinitionPath.outside])])
            }
            (self.id, kind) = (id, .full(definition))
        }
    }

    /// The instances of an app after ``Kind/scaleBy(_:)``: rounded up, so that a running app keeps one unless it is
    /// suspended.
    static func scaled(_ instances: Int, by factor: Double) -> Int {
        // Int.max is no Double; what validation allows is far below.
        Int(min((Double(instances) * factor).rounded(.up), 1e9))
    }
}

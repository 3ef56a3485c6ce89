import Marathon

extension AppDefinition {
    /// The whole definition that a change makes: merged, completed and valid.
    /// - Parameters:
    ///   - existing: what the app was; `nil` for a new one.
    ///   - isFull: whether the change replaces the definition instead of some of its keys.
    ///   - servicePort: a free one that is not in the set; `nil` when there is none.
    /// - Throws: ``EngineError`` of code `invalid`.
    func resolved(over existing: AppDefinition?, isFull: Bool = false, servicePort: (Set<Int>) -> Int?) throws
        -> AppDefinition
    {
        let base = DefinitionPath.root
        // An engine of an older version may have stored deprecated keys.
        let existing = try existing?.canonical(under: base)
        let resolved = try canonical(under: base).merged(over: isFull ? nil : existing)
            .completed(keeping: existing, servicePort: servicePort)
        try resolved.validate()
        return resolved
    }
}

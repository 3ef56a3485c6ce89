import Marathon

extension AppDefinition {
    /// What the app is to be after the change: keys that are given replace the app's as a whole (`env`, `labels`, every
    /// list), others stay. Source: Marathon's AppUpdate.
    /// - Parameter existing: what the change is for; `nil` for a new app, or to replace the definition in full.
    func merged(over existing: AppDefinition?) -> AppDefinition {
        guard var merged = existing else { return self }
        // Both keys of a pair are replaced, or the one not given would contradict.
        if ports != nil || portDefinitions != nil { (merged.ports, merged.portDefinitions) = (nil, nil) }
        if uris != nil || fetch != nil { (merged.uris, merged.fetch) = (nil, nil) }
        for take in Self.keys { take(&merged, self) }
        return merged
    }

    private typealias Key = @Sendable (inout AppDefinition, AppDefinition) -> Void

    private static let keys: [Key] = [
        key(\.id), key(\.cmd), key(\.args), key(\.executor), key(\.cpus), key(\.mem), key(\.disk), key(\.gpus),
        key(\.instances), key(\.env), key(\.labels), key(\.ports), key(\.portDefinitions), key(\.requirePorts),
        key(\.uris), key(\.fetch), key(\.networks), key(\.container), key(\.constraints),
        key(\.acceptedResourceRoles), key(\.user), key(\.healthChecks), key(\.readinessChecks), key(\.upgradeStrategy),
        key(\.killSelection), key(\.unreachableStrategy), key(\.backoffSeconds), key(\.backoffFactor),
        key(\.maxLaunchDelaySeconds), key(\.taskKillGracePeriodSeconds), key(\.dependencies),
    ]

    private static func key<Value>(_ path: any WritableKeyPath<AppDefinition, Value?> & Sendable) -> Key {
        { merged, change in
            if let value = change[keyPath: path] { merged[keyPath: path] = value }
        }
    }
}

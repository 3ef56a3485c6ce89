import HAProxy

/// The certificates that HAProxy serves, by name.
struct CertificateSet: Sendable, Hashable {
    /// The name of the one for clients that ask for a host of no certificate, or for none.
    static let fallback = "default"

    var certificates: [String: Certificate] = [:]

    subscript(name: String) -> Certificate? {
        get { certificates[name] }
        set { certificates[name] = newValue }
    }

    /// In the order in which HAProxy looks: the first is for all that no other is for, and of two for one host, the
    /// one whose name comes first serves.
    var names: [String] {
        let others = certificates.keys.filter { $0 != Self.fallback }.sorted()
        return certificates[Self.fallback] == nil ? others : [Self.fallback] + others
    }

    /// Commands that bring a HAProxy that has these certificates to others.
    /// - Returns: `nil` where only a reload does.
    func changes(to new: CertificateSet, list: PathToken, path: (String) -> PathToken?) -> [RuntimeCommand]? {
        var commands: [RuntimeCommand] = []
        for name in new.names where new[name]?.pem != self[name]?.pem {
            guard let certificate = new[name], let path = path(name) else { return nil }
            if self[name] == nil { commands.append(.newCertificate(path: path)) }
            commands += [.setCertificate(path: path, certificate.pem), .commitCertificate(path: path)]
            if self[name] == nil { commands.append(.listCertificate(list: list, path: path)) }
        }
        for name in names where new[name] == nil {
            guard let path = path(name) else { return nil }
            commands += [.unlistCertificate(list: list, path: path), .deleteCertificate(path: path)]
        }
        return commands.allSatisfy(\.isShort) ? commands : nil
    }
}

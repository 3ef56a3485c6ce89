/// Whether a certificate is for a host's name: RFC 6125, section 6.4, with a wildcard for the whole first label only.
struct ServerName: Hashable, Sendable {
    private let labels: [Substring]

    /// - Parameter host: in lower case.
    init(_ host: String) {
        labels = host.split(separator: ".")
    }

    func isNamed(by certificateName: String) -> Bool {
        let own = certificateName.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard own.count == labels.count else { return false }
        // A wildcard for a whole domain such as *.com is no certificate's.
        let isWildcard = own.first == "*" && own.count > 2
        return own.dropFirst().elementsEqual(labels.dropFirst()) && (isWildcard || own.first == labels.first)
    }
}

/// What one version of one program is called: its Marathon id and the host names it answers at.
public struct AppName: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case version(AppVersion)
        case preview(BranchSlug)
    }

    public var slug: Slug
    public var kind: Kind
    /// The Marathon group; host names do not show it.
    public var group: Slug?

    public init(slug: Slug, version: AppVersion, group: Slug? = nil) {
        self.slug = slug
        kind = .version(version)
        self.group = group
    }

    public init(slug: Slug, preview branch: BranchSlug, group: Slug? = nil) {
        self.slug = slug
        kind = .preview(branch)
        self.group = group
    }

    /// The Marathon id: `/shop-1.0.1`, or `/preview/feature-x/shop`; in a group `/GROUP/shop-1.0.1`.
    public var id: String {
        let group = group.map { "/\($0)" } ?? ""
        return switch kind {
        case .version(let version): "\(group)/\(slug)-\(version.idText)"
        case .preview(let branch): "/preview/\(branch)\(group)/\(slug)"
        }
    }

    /// The group of an app that has such an id.
    public static func group(of id: String) -> Slug? {
        let path = id.split(separator: "/").dropLast()
        let groups = path.first == "preview" ? path.dropFirst(2) : path
        return groups.count == 1 ? groups.first.flatMap { Slug(String($0)) } : nil
    }

    /// Host names of this app itself, without the one that follows the release.
    public func ownHosts(domain: String) -> [String] {
        switch kind {
        case .version(let version):
            let room = Self.labelLimit - 1 - version.hostText.count
            let label = "\(slug.text.shortened(to: room, hashing: slug.text))-\(version.hostText)"
            // The second spelling is the original Flock's.
            return ["\(label).\(domain)", "\(String(label.map { $0 == "-" ? "_" : $0 })).\(domain)"]
        case .preview(let branch):
            let room = Self.labelLimit - 2 - branch.text.count
            return ["\(branch)--\(slug.text.shortened(to: room, hashing: slug.text)).\(domain)"]
        }
    }

    /// Host names while this app is what its slug serves.
    public func hosts(domain: String) -> [String] {
        switch kind {
        case .version: ["\(slug).\(domain)"] + ownHosts(domain: domain)
        case .preview: ownHosts(domain: domain)
        }
    }

    /// RFC 1035, section 2.3.4.
    private static let labelLimit = 63
}

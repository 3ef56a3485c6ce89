import FlockCore
import Foundation
import Git

/// A repository that may deploy.
struct KnownRepository: Sendable, Hashable {
    enum Source: Sendable, Hashable {
        /// A bare repository on this machine, read in place.
        case local(path: String)
        /// On another machine.
        case remote(url: String)
    }

    /// What its deliveries and claims are kept under.
    var key: String
    var source: Source
    /// One, or two while the secret is changed.
    var secretFiles: [String]
    var branches: [String: Settings.Repository.Environment]
    /// How often its branches are looked at, if oftener than those of others.
    var poll: Duration?
    /// Where the program is; empty for the top.
    var folder = ""
    /// A push that changes nothing that fits one of these deploys nothing; empty for all.
    var watch: [PathGlob] = []
    var access = RepositoryAccess()
    /// Whether pull requests from its own branches are previewed.
    var pullRequests = false

    /// Whether all pushes to it go through Flock.
    var isLocal: Bool {
        if case .local = source { true } else { false }
    }

    /// Read each time, so that a new secret holds at once. One that is missing is empty, which fits no proof.
    var secrets: [[UInt8]] {
        secretFiles.map { file in
            let data = FileManager.default.contents(atPath: file) ?? Data()
            return Array(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8)
        }
    }

    /// What a branch deploys to. An exact name wins over patterns, a longer pattern over a shorter one.
    func environment(of branch: String) -> Settings.Repository.Environment? {
        if let exact = branches[branch] { return exact }
        return branches.filter { $0.key.contains("*") && Self.matches(branch, pattern: $0.key) }
            .max { ($0.key.count, $1.key) < ($1.key.count, $0.key) }?.value
    }

    /// `*` stands for any run of characters.
    private static func matches(_ text: String, pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(last) && rest.count >= last.count
    }
}

/// The repositories of the settings, and those that `flock repo create` made. A payload only names one of them;
/// where to fetch from and what may be deployed is never taken from it.
struct RepositoryDirectory: Sendable {
    private let settings: LiveSettings
    private let state: StateFolder

    init(settings: LiveSettings, state: StateFolder) {
        self.settings = settings
        self.state = state
    }

    /// The repository that has one of the addresses, if one of its secrets made the proof.
    func find(_ addresses: [String], provenBy proof: DeliveryHead.Proof, of body: [UInt8]) -> KnownRepository? {
        let (all, keys) = (all, Set(addresses.map(Self.key)))
        let known = all.first { keys.contains($0.key) }
        // For an unknown one another's secrets are read and tried, for nothing, so that it takes as long.
        let isProven = WebhookSignature.isValid(proof, of: body, secrets: (known ?? all.first)?.secrets ?? [])
        return isProven ? known : nil
    }

    /// Whether a greeting that names no repository, such as an organization's, comes from somebody who knows the
    /// secret of one. Greetings are small; what is not is no greeting.
    func greets(_ proof: DeliveryHead.Proof, _ body: [UInt8]) -> Bool {
        body.count <= 64 << 10
            && WebhookSignature.isValid(proof, of: body, secrets: all.flatMap(\.secrets))
    }

    func find(key: String) -> KnownRepository? { all.first { $0.key == key } }

    var all: [KnownRepository] {
        let hook = settings.current.hook
        let configured = hook.repositories.map { entry in
            KnownRepository(
                key: Self.key(entry.url),
                source: entry.url.hasPrefix("/") ? .local(path: entry.url) : .remote(url: entry.url),
                secretFiles: entry.secret.files, branches: entry.branches, poll: entry.poll?.duration,
                folder: entry.path, watch: entry.watch.compactMap(PathGlob.init),
                access: RepositoryAccess(entry, authority: hook.authority), pullRequests: entry.pullRequests)
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: state.repositories)) ?? []
        let created = names.filter { $0.hasSuffix(".git") }.sorted().map { name in
            let path = "\(state.repositories)/\(name)"
            return KnownRepository(
                key: Self.key(path), source: .local(path: path),
                secretFiles: ["\(state.secrets)/\(name.dropLast(4))"],
                branches: ["main": .production, "master": .production])
        }
        return configured + created
    }

    /// One spelling for `https://GitHub.com/acme/shop.git`, `https://github.com/acme/shop/` and
    /// `git@github.com:acme/shop`.
    static func key(_ address: String) -> String {
        var text = address[...]
        if text.hasPrefix("file://") { text = text.dropFirst(7) }
        while text.hasSuffix("/") { text = text.dropLast() }
        if text.hasPrefix("/") { return URL(fileURLWithPath: String(text)).standardizedFileURL.path }
        if text.hasSuffix(".git") { text = text.dropLast(4) }
        if let ssh = text.wholeMatch(of: #/(?:ssh://)?[^@:/]+@([^@:/]+)(?::\d+/|[:/])/?(.+)/#) {
            return "https://\(ssh.1.lowercased())/\(ssh.2)"
        }
        guard let scheme = text.range(of: "://") else { return String(text) }
        let rest = text[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        return "https://" + host.lowercased() + rest.dropFirst(host.count)
    }
}

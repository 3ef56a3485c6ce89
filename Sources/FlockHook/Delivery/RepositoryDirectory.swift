import FlockCore
import Foundation
import Git

/// A program that a repository may deploy. A repository may have several.
struct KnownRepository: Sendable, Hashable {
    enum Source: Sendable, Hashable {
        /// A bare repository on this machine, read in place.
        case local(path: String)
        /// On another machine.
        case remote(url: String)
    }

    var address: RepositoryAddress
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

    /// What the program's deliveries and claims are kept under.
    var key: String { address.program(in: folder) }

    /// Whether all pushes to it go through Flock.
    var isLocal: Bool {
        if case .local = source { true } else { false }
    }

    /// Read each time, so that a new secret holds at once. One that is missing is empty, which fits no proof.
    static func secret(in file: String) -> [UInt8] {
        let data = FileManager.default.contents(atPath: file) ?? Data()
        return Array(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8)
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

    /// The programs of the repository that has one of the addresses: those of which a secret made the proof.
    func find(_ addresses: [String], provenBy proof: DeliveryHead.Proof, of body: [UInt8]) -> [KnownRepository] {
        let (all, named) = (all, Set(addresses.map(RepositoryAddress.init)))
        let address = all.first { named.contains($0.address) }?.address
        let known = all.filter { $0.address == address }
        let tried = Self.tried(for: known, of: all)
        let fits = WebhookSignature.fits(proof, of: body, secrets: tried.map(KnownRepository.secret))
        let proven = Set(zip(tried, fits).filter(\.1).map(\.0))
        return known.filter { !proven.isDisjoint(with: $0.secretFiles) }
    }

    /// The files whose secrets are tried on a delivery to some programs: theirs, and as many others, for nothing, that it
    /// takes as long whichever repository it names, also one that is unknown.
    /// - Parameter programs: of one repository, or none.
    static func tried(for programs: [KnownRepository], of all: [KnownRepository]) -> [String] {
        let own = Set(programs.flatMap(\.secretFiles))
        let most =
            Dictionary(grouping: all, by: \.address).values.map { Set($0.flatMap(\.secretFiles)) }
            .max { $0.count < $1.count } ?? []
        return Array(own) + most.subtracting(own).prefix(max(0, most.count - own.count))
    }

    /// Whether a greeting that names no repository, such as an organization's, comes from somebody who knows the
    /// secret of one. Greetings are small; what is not is no greeting.
    func greets(_ proof: DeliveryHead.Proof, _ body: [UInt8]) -> Bool {
        body.count <= 64 << 10
            && WebhookSignature.fits(proof, of: body, secrets: all.flatMap(\.secretFiles).map(KnownRepository.secret))
                .contains(true)
    }

    func find(key: String) -> KnownRepository? { all.first { $0.key == key } }

    /// By any spelling of the repository's address: the program whose path follows after `#`, or the first.
    func find(_ spelling: String) -> KnownRepository? {
        let parts = spelling.split(separator: "#", maxSplits: 1).map(String.init)
        if parts.count == 2, let program = find(key: RepositoryAddress(parts[0]).program(in: parts[1])) {
            return program
        }
        let address = RepositoryAddress(spelling)
        return all.first { $0.address == address }
    }

    var all: [KnownRepository] {
        let hook = settings.current.hook
        let configured = hook.repositories.map { entry in
            KnownRepository(
                address: RepositoryAddress(entry.url),
                source: entry.url.hasPrefix("/") ? .local(path: entry.url) : .remote(url: entry.url),
                secretFiles: entry.secret.files, branches: entry.branches, poll: entry.poll?.duration,
                folder: entry.path, watch: entry.watch.compactMap(PathGlob.init),
                access: RepositoryAccess(entry, authority: hook.authority), pullRequests: entry.pullRequests)
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: state.repositories)) ?? []
        let created = names.filter { $0.hasSuffix(".git") }.sorted().map { name in
            let path = "\(state.repositories)/\(name)"
            return KnownRepository(
                address: RepositoryAddress(path), source: .local(path: path),
                secretFiles: ["\(state.secrets)/\(name.dropLast(4))"],
                branches: ["main": .production, "master": .production])
        }
        // Of one that has entries, these alone say what its programs are.
        let addresses = Set(configured.map(\.address))
        return configured + created.filter { !addresses.contains($0.address) }
    }
}

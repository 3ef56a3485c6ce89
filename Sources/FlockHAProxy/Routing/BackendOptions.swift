import FlockCore
import HAProxy

/// What an app's descriptor asks of its backend, as words that HAProxy's configuration may hold.
struct BackendOptions: Sendable, Hashable {
    struct User: Sendable, Hashable {
        var name: UserToken
        var hash: PasswordHashToken
    }

    struct Rate: Sendable, Hashable {
        var requests: Int
        var seconds: Int
    }

    static let none = BackendOptions()

    var isSticky = false
    /// By name.
    var users: [User] = []
    var allow: [NetworkToken] = []
    var rate: Rate?
    var timeoutMilliseconds: Int?
    var isHTTP2 = false

    private init() {}

    /// `nil` when part of them cannot be written: the rest alone might let somebody in.
    init?(_ options: HTTPOptions) {
        isSticky = options.sticky ?? false
        isHTTP2 = options.h2 ?? false
        for (name, hash) in (options.users ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let name = UserToken(name), let hash = PasswordHashToken(hash.text) else { return nil }
            users.append(User(name: name, hash: hash))
        }
        for network in options.allow ?? [] {
            guard let network = NetworkToken(network.description) else { return nil }
            allow.append(network)
        }
        rate = options.rate.map {
            Rate(requests: $0.requests, seconds: max(1, Int(($0.per.duration / .seconds(1)).rounded(.up))))
        }
        timeoutMilliseconds = options.timeout.map { Int($0.duration / .milliseconds(1)) }
    }

    /// Those that keep somebody out, alone.
    var guards: BackendOptions {
        var guards = BackendOptions.none
        (guards.users, guards.allow, guards.rate) = (users, allow, rate)
        return guards
    }

    /// Whether they keep somebody out: then no request may go past them.
    var isGuard: Bool { !users.isEmpty || !allow.isEmpty || rate != nil }
}

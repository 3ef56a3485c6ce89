import Foundation

/// What happens to an app's requests before they reach it: the `http` key of its descriptor, and the label
/// `FLOCK_HTTP` as compact JSON.
public struct HTTPOptions: Codable, Sendable, Hashable {
    /// So many requests of one client in a length of time; more are answered 429.
    public struct Rate: Codable, Sendable, Hashable {
        public static let requestsRange = 1...1_000_000
        public static let spanRange = Duration.seconds(1)...Duration.seconds(3600)

        public var requests: Int
        public var per: TimeSpan

        public init(requests: Int, per: TimeSpan) {
            self.requests = requests
            self.per = per
        }
    }

    /// Whether a visitor stays with one instance, by a cookie.
    public var sticky: Bool?
    /// Who may come in, by HTTP's basic authentication; empty: anybody.
    public var users: [String: PasswordHash]?
    /// From where; empty: from anywhere.
    public var allow: [IPNetwork]?
    public var rate: Rate?
    /// How long the app may take for an answer, or between two pieces of one.
    public var timeout: TimeSpan?
    /// Whether HAProxy speaks HTTP/2 without TLS to the app's port.
    public var h2: Bool?

    enum CodingKeys: String, CodingKey, CaseIterable { case sticky, users, allow, rate, timeout, h2 }

    public init() {}

    /// - Throws: for a key that is not known: it might be a guard.
    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sticky = try container.decodeIfPresent(Bool.self, forKey: .sticky)
        users = try container.decodeIfPresent([String: PasswordHash].self, forKey: .users)
        allow = try container.decodeIfPresent([IPNetwork].self, forKey: .allow)
        rate = try container.decodeIfPresent(Rate.self, forKey: .rate)
        timeout = try container.decodeIfPresent(TimeSpan.self, forKey: .timeout)
        h2 = try container.decodeIfPresent(Bool.self, forKey: .h2)
    }

    /// `nil` for what is not to be understood as a whole: part of it would let somebody in.
    init?(label: String) {
        guard label.utf8.count <= 65_536,
            let value = try? JSONDecoder().decode(Self.self, from: Data(label.utf8)),
            (value.users ?? [:]).keys.allSatisfy(Self.isUser), (value.users ?? [:]).count <= Self.mostUsers,
            (value.allow ?? []).count <= Self.mostNetworks,
            value.rate.map({
                Rate.requestsRange.contains($0.requests) && Rate.spanRange.contains($0.per.duration)
            }) ?? true,
            value.timeout.map({ Self.timeoutRange.contains($0.duration) }) ?? true
        else { return nil }
        self = value
    }

    public static let mostUsers = 100
    public static let mostNetworks = 200
    public static let timeoutRange = Duration.milliseconds(100)...Duration.seconds(86_400)

    /// A user's name: 1 to 64 of `A-Z a-z 0-9 . _ @ -`.
    public static func isUser(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                    || [".", "_", "@", "-"].contains($0)
            }
    }

    public var isEmpty: Bool { self == HTTPOptions() }

    /// Whether they keep somebody out: then no request may go past them.
    public var isGuard: Bool { users?.isEmpty == false || allow?.isEmpty == false || rate != nil }

    /// Compact, keys in order, so that the same options are the same label.
    public var label: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// A password as crypt(3) keeps it: `$5$salt$hash`, `$6$…`, `$y$…`. The prefix says the method.
///
/// HAProxy hashes while everybody else waits: what costs more than some 50 ms is refused.
public struct PasswordHash: Codable, Sendable, Hashable {
    public let text: String

    public init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard text.utf8.count <= 300, parts.count >= 4, parts[0].isEmpty,
            Self.isCheap(method: parts[1], cost: parts[2]),
            parts.dropFirst(2).allSatisfy({ part in
                !part.isEmpty
                    && part.unicodeScalars.allSatisfy {
                        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                            || [".", "/", "=", ","].contains($0)
                    }
            })
        else { return nil }
        self.text = text
    }

    private static func isCheap(method: Substring, cost: Substring) -> Bool {
        switch method {
        case "1": true
        case "5", "6":
            !cost.hasPrefix("rounds=") || (Int(cost.dropFirst("rounds=".count)).map { $0 <= 10_000 } ?? false)
        case "2a", "2b", "2y": Int(cost).map { $0 <= 10 } ?? false
        // The cost that mkpasswd and Debian use.
        case "y", "gy": cost == "j9T"
        default: false
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let hash = PasswordHash(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "is no hash of a password")
        }
        self = hash
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

import Crypto
public import FlockCore
import Foundation
import Synchronization

/// Who may call the API: holders of a token, each only so often. Tokens come as HTTP basic's password, as bearer, or
/// as `token=`, which is what Marathon's clients send.
public final class AccessControl: Sendable {
    enum Right: Sendable { case read, change }

    enum Verdict: Sendable, Hashable {
        case allowed
        /// No token, or a wrong one.
        case unknown
        /// The token is for reading.
        case forbidden
        /// - Parameter seconds: after which to come again.
        case tooMany(seconds: Int)
    }

    private let tokens: AccessTokens?
    private let requestsPerSecond: Double
    private let buckets = Mutex<[Caller: Bucket]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    private enum Caller: Hashable { case anyone, reader, changer }

    private struct Bucket {
        var left: Double
        var since: ContinuousClock.Instant
    }

    /// - Parameters:
    ///   - tokens: nil lets everybody in who reaches the port.
    ///   - requestsPerSecond: of each caller in the long run; twice as many may come at once.
    public init(
        tokens: AccessTokens?, requestsPerSecond: Int,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.tokens = tokens
        self.requestsPerSecond = Double(requestsPerSecond)
        self.now = now
    }

    /// As settings say, with the state folder's tokens.
    /// - Throws: when tokens cannot be made.
    public convenience init(settings: Settings.Engine, state: StateFolder) throws {
        self.init(
            tokens: settings.access == .token ? try AccessTokens(in: state) : nil,
            requestsPerSecond: settings.requestsPerSecond)
    }

    /// - Parameter authorization: the header of that name.
    func verdict(authorization: String?, right: Right) -> Verdict {
        let caller: Caller
        if let tokens {
            let given = authorization.flatMap(Self.token)
            if given.map({ Self.isSame($0, tokens.change) }) ?? false {
                caller = .changer
            } else if given.map({ Self.isSame($0, tokens.read) }) ?? false {
                caller = .reader
            } else {
                return .unknown
            }
        } else {
            caller = .anyone
        }
        if caller == .reader && right == .change { return .forbidden }
        return take(caller)
    }

    private func take(_ caller: Caller) -> Verdict {
        let now = now()
        return buckets.withLock { buckets in
            let full = requestsPerSecond * 2
            var bucket = buckets[caller] ?? Bucket(left: full, since: now)
            bucket.left = min(full, bucket.left + (now - bucket.since) / .seconds(1) * requestsPerSecond)
            bucket.since = now
            defer { buckets[caller] = bucket }
            guard bucket.left >= 1 else {
                return .tooMany(seconds: max(1, Int(((1 - bucket.left) / requestsPerSecond).rounded(.up))))
            }
            bucket.left -= 1
            return .allowed
        }
    }

    private static func token(_ authorization: String) -> String? {
        if authorization.hasPrefix("token=") { return String(authorization.dropFirst("token=".count)) }
        let words = authorization.split(separator: " ", maxSplits: 1)
        guard words.count == 2 else { return nil }
        switch words[0].lowercased() {
        case "bearer": return words[1].trimmingCharacters(in: .whitespaces)
        case "basic":
            guard let data = Data(base64Encoded: words[1].trimmingCharacters(in: .whitespaces)) else { return nil }
            let text = String(decoding: data, as: UTF8.self)
            return text.firstIndex(of: ":").map { String(text[text.index(after: $0)...]) }
        default: return nil
        }
    }

    /// Takes as long whether the first or the last character differs.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Data(one.utf8), using: key)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(other.utf8), using: key)
    }
}

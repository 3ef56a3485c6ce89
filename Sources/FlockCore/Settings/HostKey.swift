import Crypto
import Foundation

/// A key that an ssh server may show: its fingerprint, as `ssh-keygen -l` and forges' pages have it, or a line of
/// `ssh-keyscan` or `known_hosts`.
public struct HostKey: Codable, Sendable, Hashable {
    private let text: String
    /// `SHA256:` and 43 letters of base64.
    public let fingerprint: String

    public init?(_ text: String) {
        self.text = text
        if text.wholeMatch(of: #/SHA256:[A-Za-z0-9+/]{43}/#) != nil {
            fingerprint = text
            return
        }
        // [HOST] TYPE KEY [COMMENT]
        let words = text.split(separator: " ").drop { !$0.contains(#/^(ssh|ecdsa|sk)-/#) }
        guard words.count >= 2, let key = Data(base64Encoded: String(words[words.startIndex + 1])),
            // The key begins with its type's length and name.
            key.dropFirst(4).starts(with: words[words.startIndex].utf8)
        else { return nil }
        let digest = Data(SHA256.hash(data: key)).base64EncodedString()
        fingerprint = "SHA256:" + digest.prefix { $0 != "=" }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let key = HostKey(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\"\(text)\" is no host key; write SHA256:… as \"ssh-keygen -lf\" shows it, or a line of ssh-keyscan"
            )
        }
        self = key
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

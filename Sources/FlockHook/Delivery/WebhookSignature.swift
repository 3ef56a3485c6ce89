import Crypto
import Foundation

/// GitHub's signature of a delivery: `sha256=` and the HMAC-SHA-256 of the raw body, in hex.
public enum WebhookSignature {
    public static let header = "X-Hub-Signature-256"

    public static func sign(_ body: [UInt8], secret: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: secret))
        return "sha256=" + code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// Compares in constant time. An empty secret fits nothing.
    static func isValid(_ signature: String, of body: [UInt8], secret: [UInt8]) -> Bool {
        guard !secret.isEmpty, signature.hasPrefix("sha256="), let code = bytes(hex: signature.dropFirst(7)) else {
            return false
        }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: SymmetricKey(data: secret))
    }

    private static func bytes(hex: Substring) -> [UInt8]? {
        guard hex.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var rest = hex[...]
        while !rest.isEmpty {
            guard rest.utf8.allSatisfy({ $0 < 0x80 }), let byte = UInt8(rest.prefix(2), radix: 16), rest.first != "+"
            else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

import Crypto
import Foundation

/// A forge's proof that a delivery is its own.
public enum WebhookSignature {
    public static let header = "X-Hub-Signature-256"

    /// `sha256=` and the HMAC-SHA-256 of the raw body, in hex. Source: GitHub, "Validating webhook deliveries".
    public static func sign(_ body: [UInt8], secret: [UInt8]) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: body, using: SymmetricKey(data: secret))
        return "sha256=" + code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// Whether one of the secrets made the proof. What is compared takes the same time whichever fits, and a
    /// repository without secrets, which nothing fits, as long as one with two.
    static func isValid(_ proof: DeliveryHead.Proof, of body: [UInt8], secrets: [[UInt8]]) -> Bool {
        let usable = secrets.filter { !$0.isEmpty }
        let decoys = Array(repeating: decoy, count: max(0, 2 - usable.count))
        var isValid = false
        for (secret, isReal) in usable.map({ ($0, true) }) + decoys.map({ ($0, false) }) {
            if fits(proof, body, secret) && isReal { isValid = true }
        }
        return isValid
    }

    private static let decoy = Array("nobody's secret".utf8)

    private static func fits(_ proof: DeliveryHead.Proof, _ body: [UInt8], _ secret: [UInt8]) -> Bool {
        let key = SymmetricKey(data: secret)
        switch proof {
        case .signature(let hex):
            // What is no signature is compared, too.
            let code = Hex.bytes(hex) ?? []
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: key)
        case .token(let token):
            // Hashes are of one length whatever was sent.
            return HMAC<SHA256>.isValidAuthenticationCode(
                HMAC<SHA256>.authenticationCode(for: Data(token.utf8), using: key), authenticating: secret, using: key)
        case .none:
            return HMAC<SHA256>.isValidAuthenticationCode([UInt8](), authenticating: body, using: key) && false
        }
    }
}

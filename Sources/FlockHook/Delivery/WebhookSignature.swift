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

    /// Which of the secrets made the proof. It takes the same time whichever fits, and with none or one as long as with
    /// two.
    static func fits(_ proof: DeliveryHead.Proof, of body: [UInt8], secrets: [[UInt8]]) -> [Bool] {
        let missing = Array(repeating: [UInt8](), count: max(0, 2 - secrets.count))
        // An empty one fits nothing, and takes as long, too.
        return (secrets + missing).map { fits(proof, body, $0.isEmpty ? decoy : $0) && !$0.isEmpty }
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

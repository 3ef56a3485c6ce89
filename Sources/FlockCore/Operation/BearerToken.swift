import Crypto
import Foundation

/// A secret in a file, read anew at each use so that it can be changed while Flock runs. It is shown in the header
/// `Authorization` and nowhere else.
public struct BearerToken: Sendable {
    /// Shorter ones are refused: 128 bits as hex.
    public static let minimumLength = 32

    private let file: String

    /// - Parameter file: empty for none.
    public init(file: String) {
        self.file = file
    }

    private var text: String? {
        guard !file.isEmpty, let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether the file is there and holds enough.
    public var isUsable: Bool { text.map { $0.utf8.count >= Self.minimumLength } ?? false }

    /// The header's value; `nil` when there is no token.
    public var authorization: String? { text.map { "Bearer \($0)" } }

    /// Whether the header shows this token. Takes as long whether the first or the last character differs.
    public func accepts(authorization: String?) -> Bool {
        guard isUsable, let expected = self.authorization, let authorization else { return false }
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Data(authorization.utf8), using: key)
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(expected.utf8), using: key)
    }
}

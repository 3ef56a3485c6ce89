import FlockCore
import Foundation

/// Secrets of the settings: files of a folder, named as the secret is. Read each time, so that a new one holds from the
/// next deploy on.
struct SecretFolder: Sendable {
    /// Empty where none is set.
    let path: String

    private static let limit = 64 << 10

    /// Without line breaks at its end.
    /// - Throws: ``DeployFailure`` `secret_unknown`, which never holds a secret.
    func value(_ name: String) throws(DeployFailure) -> String {
        func unknown(_ why: String) -> DeployFailure { DeployFailure(code: "secret_unknown", message: why) }
        guard !path.isEmpty else {
            throw unknown(
                "there is no secret \"\(name)\": hook.secrets.folder of flock.yaml names no folder of secrets")
        }
        guard let file = FileHandle(forReadingAtPath: "\(path)/\(name)") else {
            throw unknown("there is no secret \"\(name)\": put it into the file \(path)/\(name)")
        }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: Self.limit + 1) ?? Data(), data.count <= Self.limit,
            let text = String(data: data, encoding: .utf8), !text.utf8.contains(0)
        else { throw unknown("the secret \"\(name)\" is not UTF-8 text of at most 64 KiB") }
        return String(text.reversed().drop(while: \.isNewline).reversed())
    }
}

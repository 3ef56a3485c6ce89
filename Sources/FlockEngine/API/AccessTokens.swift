public import FlockCore
import Foundation

/// The two tokens of the engine's API, in files of mode 0600 in the state folder.
public struct AccessTokens: Sendable, Hashable {
    /// May do everything.
    let change: String
    /// May only read.
    let read: String

    init(change: String, read: String) {
        self.change = change
        self.read = read
    }

    /// Reads the tokens, and makes those that are missing.
    /// - Throws: when the state folder cannot be written.
    public init(in state: StateFolder) throws {
        change = try Self.token(at: state.engineToken)
        read = try Self.token(at: state.engineReadToken)
    }

    private static func token(at path: String) throws -> String {
        if let text = try? String(contentsOfFile: path, encoding: .utf8) {
            let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
            if token.utf8.count >= 32 { return token }
        }
        var generator = SystemRandomNumberGenerator()
        let token = (0..<4).map { _ in String(format: "%016lx", generator.next()) }.joined()
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Never readable by others, not even while it is written.
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data((token + "\n").utf8), attributes: [.posixPermissions: 0o600])
        else { throw EngineError(code: .storage, message: "\(path) cannot be written") }
        return token
    }
}

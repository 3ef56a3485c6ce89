import Foundation

/// A folder that is gone when the value is.
public final class TemporaryFolder: Sendable {
    public let path: String

    /// The name is short: unix sockets in it must fit into 108 bytes.
    public init() throws {
        path = "/tmp/flock-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

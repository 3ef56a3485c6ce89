import AsyncHTTPClient
import FlockCore
import FlockHook
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// Reads a deploy's events from flock-hook as they come.
struct DeployStory: Sendable {
    private let hook: PartClient

    init(_ hook: PartClient) {
        self.hook = hook
    }

    /// - Parameter show: each event, and the line it came in.
    /// - Returns: the state the deploy ended in.
    func follow(_ id: Int64, _ show: (DeployEvent, String) throws -> Void) async throws -> DeployRecord.State {
        let decoder = PartJSON.decoder
        var rest: [UInt8] = []
        var last = DeployRecord.State.queued
        for try await buffer in try await hook.open(.GET, "/v1/deploys/\(id)/events", timeout: .seconds(3600)) {
            rest += buffer.readableBytesView
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(rest[..<end])
                rest.removeSubrange(...end)
                let event = try decoder.decode(DeployEvent.self, from: line)
                try show(event, String(decoding: line, as: UTF8.self))
                last = event.state
            }
        }
        return last
    }
}

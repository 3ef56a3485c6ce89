import AsyncHTTPClient
import FlockCore
import FlockDaemon
import Foundation
import NIOCore
import NIOHTTP1

/// What the build of a deploy has printed, from flock-hook.
struct BuildOutput: Sendable {
    let deploy: Int64

    func show(_ connection: Connection, follow: Bool) async throws {
        let path = "/v1/deploys/\(deploy)/log\(follow ? "?follow=true" : "")"
        do {
            for try await buffer in try await connection.part(.hook).open(.GET, path, timeout: .seconds(3600)) {
                Output.write(Data(buffer.readableBytesView))
            }
        } catch let error as PartClient.Failure {
            guard error.code == .notFound else { throw error }
            throw CommandError(
                .buildUnknown, "deploy \(deploy) was not built: there was nothing to build, or there is no such deploy")
        }
    }
}

public import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore
import NIOPosix

/// What tasks ask over TCP: their code. Not where forges deliver, since that may be the internet.
public struct ArtifactAPI: Sendable {
    private let state: StateFolder

    public init(state: StateFolder) {
        self.state = state
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("/artifacts/:name") { _, context in try artifact(context) }
    }

    private func artifact(_ context: BasicRequestContext) throws -> Response {
        let name = context.parameters.get("name") ?? ""
        let isName =
            name.hasSuffix(".tar") && !name.hasPrefix(".")
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
        guard isName, let file = FileHandle(forReadingAtPath: "\(state.artifacts)/\(name)") else {
            throw HTTPError(.notFound)
        }
        let size = Int(try file.seekToEnd())
        try file.seek(toOffset: 0)
        return Response(
            status: .ok, headers: [.contentType: "application/x-tar"],
            body: .init(contentLength: size) { writer in
                defer { try? file.close() }
                while true {
                    let data = try await NIOThreadPool.singleton.runIfActive { try file.read(upToCount: 256 << 10) }
                    guard let data, !data.isEmpty else { break }
                    try await writer.write(ByteBuffer(bytes: data))
                }
                try await writer.finish(nil)
            })
    }
}

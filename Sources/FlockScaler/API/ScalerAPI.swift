import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// What people's commands ask over the unix socket: when each app was last used.
public struct ScalerAPI: Sendable {
    private let scaler: ScalerService

    public init(scaler: ScalerService) {
        self.scaler = scaler
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps") { _, _ in
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .iso8601
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: try encoder.encode(await scaler.activities()))))
        }
    }
}

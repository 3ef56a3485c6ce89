import FlockCore
import HTTPTypes
public import Hummingbird
import Synchronization

/// Of several flock-scalers one decides: whoever has this lease. The others watch, and one of them goes on when the lease
/// ends.
public final class TurnAPI: Sendable {
    /// A scaler that died is followed after so long.
    private static let length = Duration.seconds(5)

    private let lease = Mutex<Lease?>(nil)

    public init() {}

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.put("/v1/turn") { request, _ in
            let lease = Lease(holder: try Self.holder(request), until: .now + Self.length)
            let isTaken = self.lease.withLock { present in
                guard lease.mayReplace(present, at: .now) else { return false }
                present = lease
                return true
            }
            guard isTaken else { throw HTTPError(.conflict, message: "it is another scaler's turn") }
            return Response(status: .noContent)
        }
        router.delete("/v1/turn") { request, _ in
            let holder = try Self.holder(request)
            self.lease.withLock { if $0?.holder == holder { $0 = nil } }
            return Response(status: .noContent)
        }
    }

    private static func holder(_ request: Request) throws -> Lease.Holder {
        guard let holder = request.uri.queryParameters.get("holder").flatMap(Lease.Holder.init) else {
            throw HTTPError(.badRequest, message: "holder is missing, or is not 1 to 64 letters, digits and hyphens")
        }
        return holder
    }
}

import FlockCore
import HTTPTypes
public import Hummingbird
import Logging
import NIOCore

/// Marathon's REST API over an ``Engine``. Source: Marathon 1.8's `api/v2`.
public struct EngineAPI: Sendable {
    private let engine: Engine
    private let access: AccessControl

    /// - Parameter access: who may call.
    public init(engine: Engine, access: AccessControl) {
        self.engine = engine
        self.access = access
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        let guarded = Guard(access: access)
        InfoRoutes(engine: engine).add(to: router, guarded)
        AppRoutes(engine: engine).add(to: router, guarded)
        TaskRoutes(engine: engine).add(to: router, guarded)
        GroupRoutes(engine: engine).add(to: router, guarded)
        DeploymentRoutes(engine: engine).add(to: router, guarded)
        QueueRoutes(engine: engine).add(to: router, guarded)
        EventRoutes(engine: engine).add(to: router, guarded)
        FileRoutes(engine: engine).add(to: router, guarded)
    }
}

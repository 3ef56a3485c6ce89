import Foundation
import Marathon

/// One event of `/v2/events`, in the shape of Marathon 1.8. Source: Marathon's core/event/Events.scala.
struct EngineEvent: Encodable, Sendable, Hashable {
    struct Plan: Encodable, Sendable, Hashable {
        /// Of the root group, which older Marathons sent whole: clients read it from every plan, but nobody uses what
        /// is in it.
        struct Root: Encodable, Sendable, Hashable {
            var id = DefinitionPath.root
            var version: String
        }

        var id: String
        var version: String
        var original: Root
        var target: Root
        /// The record's own: a deployment of thousands of steps has as many events, each with all of them.
        var steps: [[DeploymentRecord.Action]]

        enum CodingKeys: String, CodingKey { case id, version, original, target, steps }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encode(version, forKey: .version)
            try container.encode(original, forKey: .original)
            try container.encode(target, forKey: .target)
            try container.encode(steps.map(Deployment.Step.init), forKey: .steps)
        }
    }

    var eventType: String
    var timestamp: String
    var appId: String?
    var taskId: String?
    var taskStatus: String?
    var message: String?
    var host: String?
    var slaveId: String?
    var ports: [Int]?
    var version: String?
    var instanceId: String?
    var alive: Bool?
    var reason: String?
    var id: String?
    var plan: Plan?
    var currentStep: Deployment.Step?
    var groupId: String?
    var remoteAddress: String?
    var clientIp: String?
    var uri: String?
    var appDefinition: AppDefinition?
    var condition: String?
    var runSpecId: String?
    var runSpecVersion: String?
    var agentId: String?
    var healthy: Bool?
    var healthCheck: HealthCheck?

    private init(_ type: String, at now: Moment) {
        eventType = type
        timestamp = now.timestamp
    }

    static func status(_ task: TaskRecord, status: String, message: String, at now: Moment) -> Self {
        var event = Self("status_update_event", at: now)
        event.appId = task.appID
        event.taskId = task.id
        event.taskStatus = status
        event.message = message
        event.host = task.host
        event.slaveId = task.agentID
        event.ports = task.ports
        event.version = task.version
        return event
    }

    static func health(_ task: TaskRecord, alive: Bool, at now: Moment) -> Self {
        var event = Self("health_status_changed_event", at: now)
        event.appId = task.appID
        event.instanceId = task.instanceID
        event.version = task.version
        event.alive = alive
        return event
    }

    static func instanceHealth(_ task: TaskRecord, isHealthy: Bool, at now: Moment) -> Self {
        var event = Self("instance_health_changed_event", at: now)
        event.instanceId = task.instanceID
        event.runSpecId = task.appID
        event.runSpecVersion = task.version
        event.healthy = isHealthy
        return event
    }

    static func instanceChanged(_ task: TaskRecord, status: String, at now: Moment) -> Self {
        var event = Self("instance_changed_event", at: now)
        event.instanceId = task.instanceID
        event.condition = condition(of: status)
        event.runSpecId = task.appID
        event.agentId = task.agentID
        event.host = task.host
        event.runSpecVersion = task.version
        return event
    }

    /// Marathon's word for Mesos' state: `TASK_RUNNING` is `Running`.
    private static func condition(of status: String) -> String {
        status.dropFirst("TASK_".count).capitalized
    }

    static func healthCheckAdded(_ appID: String, _ check: HealthCheck, version: String, at now: Moment) -> Self {
        var event = Self("add_health_check_event", at: now)
        event.appId = appID
        event.healthCheck = check
        event.version = version
        return event
    }

    static func healthCheckRemoved(_ appID: String, at now: Moment) -> Self {
        var event = Self("remove_health_check_event", at: now)
        event.appId = appID
        return event
    }

    static func healthCheckFailed(_ task: TaskRecord, _ check: HealthCheck, at now: Moment) -> Self {
        var event = Self("failed_health_check_event", at: now)
        event.appId = task.appID
        event.taskId = task.instanceID
        event.healthCheck = check
        return event
    }

    static func unhealthyKill(_ task: TaskRecord, reason: String, at now: Moment) -> Self {
        var event = Self("unhealthy_instance_kill_event", at: now)
        event.appId = task.appID
        event.taskId = task.id
        event.instanceId = task.instanceID
        event.version = task.version
        event.reason = reason
        event.host = task.host
        event.slaveId = task.agentID
        return event
    }

    static func deployment(_ record: DeploymentRecord, _ type: String, reason: String? = nil, at now: Moment) -> Self {
        var event = Self(type, at: now)
        if type == "deployment_success" || type == "deployment_failed" { event.id = record.id }
        event.plan = Plan(
            id: record.id, version: record.version, original: .init(version: record.originalVersion ?? record.version),
            target: .init(version: record.version), steps: record.steps)
        if type == "deployment_info" || type == "deployment_step_success", record.current < record.steps.count {
            event.currentStep = Deployment.Step(record.steps[record.current])
        }
        event.reason = reason
        return event
    }

    /// - Parameter group: the parent, where one app was changed.
    static func groupChanged(_ group: String, version: String, at now: Moment) -> Self {
        var event = Self("group_change_success", at: now)
        event.groupId = group
        event.version = version
        return event
    }

    static func appTerminated(_ appID: String, at now: Moment) -> Self {
        var event = Self("app_terminated_event", at: now)
        event.appId = appID
        return event
    }

    static func attached(_ remoteAddress: String, at now: Moment) -> Self {
        var event = Self("event_stream_attached", at: now)
        event.remoteAddress = remoteAddress
        return event
    }

    static func detached(_ remoteAddress: String, at now: Moment) -> Self {
        var event = Self("event_stream_detached", at: now)
        event.remoteAddress = remoteAddress
        return event
    }

    static func posted(_ definition: AppDefinition, uri: String, clientIP: String, at now: Moment) -> Self {
        var event = Self("api_post_event", at: now)
        event.clientIp = clientIP
        event.uri = uri
        event.appDefinition = definition
        return event
    }
}

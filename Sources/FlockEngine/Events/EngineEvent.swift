import Foundation
import Marathon

/// One event of `/v2/events`, in the shape of Marathon 1.8. Source: Marathon's core/event/Events.scala.
struct EngineEvent: Encodable, Sendable, Hashable {
    struct Plan: Encodable, Sendable, Hashable {
        var id: String
        var version: String
        var steps: [Deployment.Step]
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
        event.slaveId = TaskRecord.agentID
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

    static func unhealthyKill(_ task: TaskRecord, reason: String, at now: Moment) -> Self {
        var event = Self("unhealthy_instance_kill_event", at: now)
        event.appId = task.appID
        event.taskId = task.id
        event.instanceId = task.instanceID
        event.version = task.version
        event.reason = reason
        event.host = task.host
        event.slaveId = TaskRecord.agentID
        return event
    }

    static func deployment(_ record: DeploymentRecord, _ type: String, reason: String? = nil, at now: Moment) -> Self {
        let deployment = record.deployment
        var event = Self(type, at: now)
        if type == "deployment_success" || type == "deployment_failed" { event.id = record.id }
        event.plan = Plan(id: record.id, version: record.version, steps: deployment.steps)
        if type == "deployment_info" || type == "deployment_step_success" { event.currentStep = deployment.steps.last }
        event.reason = reason
        return event
    }

    static func groupChanged(_ appID: String, version: String, at now: Moment) -> Self {
        var event = Self("group_change_success", at: now)
        let parent = appID.split(separator: "/").dropLast().joined(separator: "/")
        event.groupId = "/" + parent
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

    static func posted(_ definition: AppDefinition, uri: String, clientIP: String, at now: Moment) -> Self {
        var event = Self("api_post_event", at: now)
        event.clientIp = clientIP
        event.uri = uri
        event.appDefinition = definition
        return event
    }
}

extension TaskRecord {
    /// Mesos' word for the machine that runs it.
    static let agentID = "flock-agent-0"

    /// The task's id without the number of its incarnation.
    var instanceID: String {
        id.replacingOccurrences(of: "._app.1", with: "").replacingOccurrences(of: "instance-", with: "marathon-")
    }
}

/// Source: Marathon's `types/app.raml` and what it includes, 1.8. Seconds may have a fraction here, which Marathon
/// refuses: apps on one machine are checked more often than once a second.
extension Shape {
    /// `POST /v2/apps`, and `PUT` as full replacement.
    static let app = object(appFields)

    /// `PUT` and `PATCH /v2/apps/ID`.
    static let appUpdate = object(appFields.merging(optional(["version": text])) { old, _ in old })

    /// `PUT` and `PATCH /v2/apps`: the id says which app.
    static let appUpdates = list(
        object(
            appFields.merging(optional(["version": text]).merging(required(["id": text])) { $1 }) { _, new in new }))

    /// An app of a group.
    static let nestedApp = object(appFields.merging(required(["id": text])) { _, new in new })

    /// `POST` and `PUT /v2/groups`.
    static let groupUpdate = object(
        groupFields.merging(optional(["version": text, "scaleBy": number()])) { old, _ in old })

    private static var nestedGroup: Shape { object(groupFields.merging(required(["id": text])) { _, new in new }) }

    private static let groupFields: [String: Field] = optional([
        "id": text, "apps": list(nestedApp), "groups": list(deferred { nestedGroup }), "dependencies": list(text),
    ])

    private static let text = string()
    private static let labels = map(text)
    private static let port = integer(0...65535)
    private static let networkProtocol = word(["tcp", "udp", "udp,tcp", "tcp,udp"])

    private static let appFields = optional([
        "id": text, "cmd": string(length: 1...Int.max), "args": list(text), "executor": text,
        "cpus": number(from: 0.001), "mem": number(), "disk": number(), "gpus": integer(), "instances": integer(),
        "env": map(either(text, object: feature("secrets"))), "secrets": feature("secrets"), "labels": labels,
        "ports": list(port), "portDefinitions": list(portDefinition), "requirePorts": boolean,
        "uris": list(string(length: 1...1024)), "fetch": list(fetch), "networks": list(network),
        "container": container, "constraints": list(list(text)), "acceptedResourceRoles": list(text), "user": text,
        "healthChecks": list(healthCheck), "readinessChecks": list(readinessCheck),
        "upgradeStrategy": object(
            required(["minimumHealthCapacity": number(), "maximumOverCapacity": number()])),
        "killSelection": word(["YOUNGEST_FIRST", "OLDEST_FIRST"]),
        "unreachableStrategy": either(
            word(["disabled"]),
            object: object(optional(["inactiveAfterSeconds": number(), "expungeAfterSeconds": number()]))),
        "backoffSeconds": number(), "backoffFactor": number(from: 1), "maxLaunchDelaySeconds": number(),
        "taskKillGracePeriodSeconds": number(), "dependencies": list(text),
    ])

    private static let portDefinition = object(
        optional(["port": port, "protocol": networkProtocol, "name": text, "labels": labels]))

    private static let fetch = object(
        optional(["extract": boolean, "executable": boolean, "cache": boolean, "destPath": text])
            .merging(required(["uri": string(length: 1...1024)])) { $1 })

    private static let network = object(
        optional(["mode": word(["host", "container", "container/bridge"]), "name": text, "labels": labels]))

    private static let portMappings = list(
        object(
            optional([
                "containerPort": port, "hostPort": port, "servicePort": port, "protocol": networkProtocol,
                "name": text, "labels": labels,
            ])))

    private static let container = object(
        optional([
            "type": word(["MESOS", "DOCKER"]), "portMappings": portMappings,
            "docker": object(
                optional([
                    "forcePullImage": boolean, "privileged": boolean, "portMappings": portMappings,
                    "network": word(["BRIDGE", "HOST", "NONE", "USER"]),
                    "parameters": list(object(required(["key": text, "value": text]))),
                ]).merging(required(["image": string(length: 1...1024)])) { $1 }),
            "volumes": list(
                object(
                    optional(["hostPath": text, "mode": word(["RO", "RW"])])
                        .merging(required(["containerPath": text])) { $1 })),
        ]))

    private static let healthCheck = object(
        optional([
            "protocol": word(HealthCheckProtocol.allCases.map(\.rawValue)), "path": text, "portIndex": port,
            "port": port, "command": object(required(["value": text])), "gracePeriodSeconds": number(),
            "intervalSeconds": number(), "timeoutSeconds": number(), "maxConsecutiveFailures": integer(),
            "delaySeconds": number(), "ignoreHttp1xx": boolean,
        ]))

    private static let readinessCheck = object(
        optional([
            "name": text, "protocol": word(["HTTP", "HTTPS"]), "path": text, "portName": text,
            "intervalSeconds": number(), "timeoutSeconds": number(),
            "httpStatusCodesForReady": list(integer(100...999)), "preserveLastResponse": boolean,
        ]))

    private static func optional(_ shapes: [String: Shape]) -> [String: Field] {
        shapes.mapValues { Field(shape: $0, isRequired: false) }
    }

    private static func required(_ shapes: [String: Shape]) -> [String: Field] {
        shapes.mapValues { Field(shape: $0, isRequired: true) }
    }
}

import Foundation
import Marathon

/// The environment of a task: Marathon's variables, the app's own, and nothing of the engine's.
/// Source: Marathon's TaskBuilder and EnvironmentHelper.
enum TaskEnvironment {
    static func of(_ task: TaskRecord, _ definition: AppDefinition, sandbox: String) -> [String: String] {
        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": sandbox,
            "HOST": task.host,
            "MESOS_SANDBOX": sandbox,
            "MESOS_TASK_ID": task.id,
            "MARATHON_APP_ID": task.appID,
            "MARATHON_APP_VERSION": task.version,
            "MARATHON_APP_RESOURCE_CPUS": "\(definition.cpus ?? 1)",
            "MARATHON_APP_RESOURCE_MEM": "\(definition.mem ?? 128)",
            "MARATHON_APP_RESOURCE_DISK": "\(definition.disk ?? 0)",
            "MARATHON_APP_RESOURCE_GPUS": "0",
        ]
        for (index, port) in task.ports.enumerated() {
            variables["PORT\(index)"] = "\(port)"
            if let servicePort = definition.ports?[index] { variables["PORT_\(servicePort)"] = "\(port)" }
        }
        if let first = task.ports.first {
            variables["PORT"] = "\(first)"
            variables["PORTS"] = task.ports.map(String.init).joined(separator: ",")
        }
        var names: [String] = []
        for (label, value) in definition.labels ?? [:] where value.utf8.count < 512 && !value.utf8.contains(0) {
            let name = String(label.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            names.append(name)
            variables["MARATHON_APP_LABEL_\(name)"] = value
        }
        variables["MARATHON_APP_LABELS"] = names.sorted().joined(separator: " ")
        return variables.merging(definition.env ?? [:]) { _, own in own }
    }
}

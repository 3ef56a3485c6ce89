import Foundation
import Marathon

/// The environment of a task: Marathon's variables, the app's own, and nothing of the engine's.
/// Source: Marathon's TaskBuilder and EnvironmentHelper.
enum TaskEnvironment {
    static func of(_ task: TaskLaunch, sandbox: String) -> [String: String] {
        let definition = task.definition
        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": sandbox,
            "HOST": task.host,
            "MESOS_SANDBOX": sandbox,
            "MESOS_TASK_ID": task.taskID,
            "MARATHON_APP_ID": task.appID,
            "MARATHON_APP_VERSION": task.version,
            "MARATHON_APP_RESOURCE_CPUS": "\(definition.cpus ?? 1)",
            "MARATHON_APP_RESOURCE_MEM": "\(definition.mem ?? 128)",
            "MARATHON_APP_RESOURCE_DISK": "\(definition.disk ?? 0)",
            "MARATHON_APP_RESOURCE_GPUS": "\(definition.gpus.map { "\($0)" } ?? "0")",
        ]
        for (index, port) in task.ports.enumerated() {
            variables["PORT\(index)"] = "\(port)"
            let asked = definition.portDefinitions.flatMap { index < $0.count ? $0[index] : nil }
            let servicePort = asked?.port ?? definition.ports.flatMap { index < $0.count ? $0[index] : nil }
            if let servicePort { variables["PORT_\(servicePort)"] = "\(port)" }
            if let name = asked?.name { variables["PORT_\(variableName(name))"] = "\(port)" }
        }
        if let first = task.ports.first {
            variables["PORT"] = "\(first)"
            variables["PORTS"] = task.ports.map(String.init).joined(separator: ",")
        }
        var names: [String] = []
        for (label, value) in definition.labels ?? [:] where value.utf8.count < 512 && !value.utf8.contains(0) {
            let name = variableName(label)
            names.append(name)
            variables["MARATHON_APP_LABEL_\(name)"] = value
        }
        variables["MARATHON_APP_LABELS"] = names.sorted().joined(separator: " ")
        return variables.merging(definition.env ?? [:]) { _, own in own }
    }

    private static func variableName(_ name: String) -> String {
        String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}

import FlockCore

/// Prometheus' text format, version 0.0.4.
enum MetricsText {
    static func render(_ metrics: [Metric]) -> String {
        var text = ""
        var described: Set<String> = []
        for metric in metrics {
            if described.insert(metric.name).inserted {
                text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            }
            let labels = metric.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escape($0.value))\"" }
            text +=
                metric.name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}")
                + " \(number(metric.value))\n"
        }
        return text
    }

    private static func escape(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }
}

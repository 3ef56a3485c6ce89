/// Picks HAProxy's complaints out of what it writes: lines that begin with `[ALERT]` or `[WARNING]`.
enum Diagnostics {
    /// The alerts, or the last lines if there are none.
    static func alerts(in output: String) -> String {
        let alerts = lines(of: "[ALERT]", in: output)
        return (alerts.isEmpty ? Array(output.split(separator: "\n").suffix(10)) : alerts).joined(separator: "\n")
    }

    static func warnings(in output: String) -> [String] {
        lines(of: "[WARNING]", in: output).map(String.init)
    }

    private static func lines(of level: String, in output: String) -> [Substring] {
        output.split(separator: "\n").filter { $0.hasPrefix(level) }
    }
}

import FlockDaemon
import FlockScaler
import Foundation

/// What simulations found, for people.
enum SimulationTable {
    static func render(_ rows: [Simulator.Row]) -> String {
        var table = Table(columns: [
            "POLICY", "REQUESTS", "INSTANCE-SECONDS", "× ORACLE", "× FIXED", "WAIT P50", "P99", "P99.9", "MAX", "WAKES",
            "CHANGES",
        ])
        for row in rows {
            table.add([
                row.policy, "\(row.requests)", "\(Int(row.instanceSeconds))", ratio(row.oracleRatio),
                ratio(row.fixedRatio), wait(row.waitP50Milliseconds), wait(row.waitP99Milliseconds),
                wait(row.waitP999Milliseconds), wait(row.waitMaxMilliseconds), "\(row.wakes)", "\(row.changes)",
            ])
        }
        return table.render()
    }

    static func render(_ rows: [FleetSimulator.Row]) -> String {
        var table = Table(columns: [
            "POLICY", "APPS", "DAYS", "REQUESTS", "× ALWAYS ON", "INSTANCES MEAN", "P99", "MAX", "IDLE APPS",
            "WAKES/APP/DAY", "WAITED", "WAIT P99", "P99.9", "MAX",
        ])
        for row in rows {
            table.add([
                row.policy, "\(row.apps)", "\(row.days)", "\(row.requests)", ratio(row.alwaysOnRatio),
                "\(row.instancesMean)", "\(row.instancesP99)", "\(row.instancesMax)", percent(row.idleApps),
                "\(row.wakesPerAppAndDay)", percent(row.waitingRequests), wait(row.waitP99Milliseconds),
                wait(row.waitP999Milliseconds), wait(row.waitMaxMilliseconds),
            ])
        }
        return table.render()
    }

    private static func ratio(_ value: Double?) -> String {
        value.map { $0.formatted(.number.precision(.fractionLength(3)).locale(Locale(identifier: "en"))) } ?? "–"
    }

    private static func percent(_ share: Double) -> String {
        (share * 100).formatted(.number.precision(.fractionLength(1)).locale(Locale(identifier: "en"))) + " %"
    }

    private static func wait(_ milliseconds: Double) -> String {
        milliseconds >= 10_000 ? "\(Int(milliseconds / 1000)) s" : "\(Int(milliseconds.rounded())) ms"
    }
}

/// What happened in a simulation over time, in columns for a plot.
final class SimulationSeries {
    struct Column: Sendable {
        var requests = 0
        var instanceSeconds = 0.0
        var longestWait = 0.0
    }

    /// Seconds that a column stands for.
    let width: Double
    private(set) var columns: [Column]

    init(duration: Double, columns: Int) {
        width = duration / Double(columns)
        self.columns = Array(repeating: Column(), count: columns)
    }

    private func column(_ seconds: Double) -> Int { min(columns.count - 1, max(0, Int(seconds / width))) }

    func arrived(at seconds: Double) { columns[column(seconds)].requests += 1 }

    func waited(_ wait: Double, at seconds: Double) {
        let column = column(seconds)
        columns[column].longestWait = max(columns[column].longestWait, wait)
    }

    func ran(_ instances: Int, from: Double, to: Double) {
        guard instances > 0 else { return }
        var from = from
        for index in column(from)...column(to) {
            let end = index == columns.count - 1 ? to : min(to, Double(index + 1) * width)
            if end > from { columns[index].instanceSeconds += Double(instances) * (end - from) }
            from = max(from, end)
        }
    }
}

import Foundation

/// Draws requests, instances and waits over time, one line for each policy: an SVG without outside resources, light and
/// dark.
struct SimulationPlot {
    private static let colours = ["#2166ac", "#d6604d", "#1b7837", "#9970ab", "#bf812d", "#4d4d4d"]
    private static let (left, width, height, gap) = (64.0, 960.0, 140.0, 46.0)

    let title: String
    /// When the trace began; hours since its beginning are written where that is not known.
    let start: Date?
    let duration: Double
    let policies: [(name: String, series: SimulationSeries)]

    func svg() -> String {
        let panels: [(title: String, lines: [[Double]])] = [
            ("requests a second", policies.prefix(1).map { line($0.series) { Double($0.requests) / $1 } }),
            ("instances", policies.map { line($0.series) { $0.instanceSeconds / $1 } }),
            ("longest wait, ms", policies.map { line($0.series) { column, _ in column.longestWait * 1000 } }),
        ]
        let total = Double(panels.count) * (Self.height + Self.gap) + 60
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(number(Self.left + Self.width + 20)) \(number(total))" \
            font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="\(escaped(title))">
            <style>
              :root { color-scheme: light dark; }
              svg { background: #ffffff; color: #222222; }
              .axis { stroke: currentColor; stroke-opacity: .25; }
              .line { fill: none; stroke-width: 1.3; stroke-linejoin: round; }
              text { fill: currentColor; }
              @media (prefers-color-scheme: dark) { svg { background: #16181c; color: #dddddd; } }
            </style>
            <text x="\(number(Self.left))" y="20" font-size="14">\(escaped(title))</text>

            """
        text += legend()
        for (index, panel) in panels.enumerated() {
            text += draw(panel.title, panel.lines, top: 60 + Double(index) * (Self.height + Self.gap))
        }
        return text + "</svg>\n"
    }

    private func line(
        _ series: SimulationSeries, _ value: (SimulationSeries.Column, Double) -> Double
    ) -> [Double] {
        series.columns.map { value($0, series.width) }
    }

    private func legend() -> String {
        var x = Self.left
        return policies.enumerated().map { index, policy in
            defer { x += 30 + 7.5 * Double(policy.name.count) }
            return """
                <line x1="\(number(x))" x2="\(number(x + 14))" y1="36" y2="36" stroke="\(colour(index))" stroke-width="3"/>\
                <text x="\(number(x + 18))" y="40">\(escaped(policy.name))</text>

                """
        }.joined()
    }

    private func draw(_ title: String, _ lines: [[Double]], top: Double) -> String {
        let most = lines.joined().max() ?? 0
        let scale = Self.round(most)
        let bottom = top + Self.height
        var text = "<text x=\"\(number(Self.left))\" y=\"\(number(top - 5))\">\(title)</text>\n"
        for share in [0, 0.5, 1] {
            let y = bottom - share * Self.height
            text += """
                <line class="axis" x1="\(number(Self.left))" x2="\(number(Self.left + Self.width))" y1="\(number(y))" y2="\(number(y))"/>\
                <text x="\(number(Self.left - 6))" y="\(number(y + 4))" text-anchor="end">\(number(scale * share))</text>

                """
        }
        for (index, line) in lines.enumerated() {
            let points = line.enumerated().map { place, value in
                let x = Self.left + Self.width * (Double(place) + 0.5) / Double(line.count)
                return "\(number(x)),\(number(bottom - Self.height * value / scale))"
            }
            text +=
                "<polyline class=\"line\" stroke=\"\(colour(index))\" points=\"\(points.joined(separator: " "))\"/>\n"
        }
        return text + times(bottom)
    }

    private func times(_ bottom: Double) -> String {
        (0...6).map { step in
            let share = Double(step) / 6
            return """
                <text x="\(number(Self.left + Self.width * share))" y="\(number(bottom + 16))" text-anchor="middle">\
                \(time(duration * share))</text>

                """
        }.joined()
    }

    private func time(_ seconds: Double) -> String {
        guard let start else { return duration >= 7200 ? "\(number(seconds / 3600)) h" : "\(number(seconds)) s" }
        let style = Date.VerbatimFormatStyle(
            format: duration > 2 * 86_400
                ? "\(month: .twoDigits)-\(day: .twoDigits)"
                : "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits)",
            timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        return start.addingTimeInterval(seconds).formatted(style)
    }

    private func colour(_ index: Int) -> String { Self.colours[index % Self.colours.count] }

    /// The next of 1, 2, 5, 10, 20, 50 and so on.
    private static func round(_ most: Double) -> Double {
        guard most > 0 else { return 1 }
        let power = pow(10, log10(most).rounded(.down))
        return ([1, 2, 5, 10].first { $0 * power >= most } ?? 10) * power
    }

    private func number(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
    }
}

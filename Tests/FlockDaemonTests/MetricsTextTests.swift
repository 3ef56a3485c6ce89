import FlockCore
import Testing

@testable import FlockDaemon

@Suite struct MetricsTextTests {
    @Test func `a metric is described once and its labels are in order and escaped`() {
        let text = MetricsText.render([
            Metric("flock_x", .gauge, 1, labels: ["b": "2", "a": "q\"\\\n"], help: "Some."),
            Metric("flock_x", .gauge, 0.5, help: "Some."), Metric("flock_y_total", .counter, 3, help: "More."),
        ])
        #expect(
            text == #"""
                # HELP flock_x Some.
                # TYPE flock_x gauge
                flock_x{a="q\"\\\n",b="2"} 1
                flock_x 0.5
                # HELP flock_y_total More.
                # TYPE flock_y_total counter
                flock_y_total 3

                """#)
    }
}

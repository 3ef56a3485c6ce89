import Foundation
import Testing

@testable import FlockScaler

@Suite struct DecisionLogTests {
    private func record(
        _ rule: ScaleVerdict.Rule, wanted: Int = 1, action: ScaleVerdict.Action = .keep, at seconds: Double
    ) -> DecisionRecord {
        DecisionRecord(
            ScaleVerdict(action: action, wanted: wanted, rule: rule), AppSample(inFlight: Int(seconds)),
            .init(instances: 1, ready: 1), at: Date(timeIntervalSince1970: seconds))
    }

    @Test("what repeats is kept once a minute, what changes always; the oldest go")
    func repeats() {
        var log = DecisionLog()
        for second in 0..<130 { log.add(record(.load, at: Double(second)), of: "/a") }
        #expect(log["/a"].map(\.inFlight) == [0, 60, 120])
        log.add(record(.burst, wanted: 3, at: 130), of: "/a")
        log.add(record(.load, wanted: 3, at: 131), of: "/a")
        #expect(log["/a"].map(\.rule) == ["load", "load", "load", "burst", "load"])
        log.add(record(.max, wanted: 9, action: .scale(to: 9), at: 132), of: "/a")
        log.add(record(.load, wanted: 3, at: 133), of: "/a")
        log.prevented("locked", of: "/a", .max)
        #expect(log["/a"].map(\.prevented).suffix(3) == [nil, "locked", nil])
        // Refused again and again, it is told once a minute.
        for second in 140..<190 {
            log.add(record(.max, wanted: 9, action: .scale(to: 9), at: Double(second)), of: "/c")
            log.prevented("locked", of: "/c", .max)
        }
        #expect(log["/c"].map(\.prevented) == ["locked"])
        for second in 0..<500 { log.add(record(.load, wanted: second, at: Double(second)), of: "/b") }
        #expect(log["/b"].count == DecisionLog.most && log["/b"].last?.wanted == 499)
        log.keep { $0 == "/b" }
        #expect(log["/a"].isEmpty && !log["/b"].isEmpty)
    }
}

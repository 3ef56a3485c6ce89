import Foundation
import Testing

@testable import FlockHook

@Suite struct ReasonCodeTests {
    @Test func `the documentation lists every code with its meaning, and no other`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/reason-codes.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let expected = ReasonCode.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |" }
        #expect(rows.map(String.init).sorted() == expected.sorted())
    }
}

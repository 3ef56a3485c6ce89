import Testing

@testable import HAProxy

@Suite struct StickTableEntryTests {
    @Test func `rows are read by name`() throws {
        let rows = try StickTableEntry.rows(
            in: """
                # table: flock_use, type: string, size:102400, used:2
                0x563c34b2b9b8: key=/a-1 use=1 exp=1790214 conn_cur=2 http_req_cnt=31 http_req_rate(30000)=4
                0x563c34d0ef28: key=/b-1 use=0 exp=0 conn_cur=0 http_req_cnt=182 http_req_rate(30000)=182

                """)
        #expect(rows.map(\.key) == ["/a-1", "/b-1"])
        #expect(rows.first?.expiry == .milliseconds(1_790_214))
        #expect(rows.first?.values == ["use": 1, "conn_cur": 2, "http_req_cnt": 31, "http_req_rate": 4])
    }

    @Test(arguments: ["0x1: use=0 exp=1", "0x1: key=/a exp=soon", "0x1: key=/a exp", "what?"])
    func `anything else is refused`(_ line: String) {
        #expect(throws: HAProxyError.self) { try StickTableEntry.rows(in: line) }
    }
}

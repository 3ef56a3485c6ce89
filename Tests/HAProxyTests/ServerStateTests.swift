import HAProxy
import Testing

@Suite struct ServerStateTests {
    @Test func rows() throws {
        let rows = try ServerState.rows(
            in: """
                1
                # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port srvrecord
                3 app 1 s1 127.0.0.1 2 12 1 80 -
                3 app 2 s2 ::1 0 5 1 81 -
                3 app 3 s3 - 2 0 1 0 -
                """)
        #expect(rows.map(\.condition) == [.drain, .maint, .ready])
        #expect(rows.map(\.operational) == [.running, .stopped, .running])
        #expect(rows.map(\.address) == [AddressToken("127.0.0.1:80"), AddressToken("[::1]:81"), nil])
        #expect(rows[0].administrative == [.configuredMaintenance, .forcedDrain])
    }

    @Test(arguments: ["", "2\n# be_name\n", "1\n# be_name srv_name\n", "1\nNo", "Can't find backend."])
    func notTheFormat(_ text: String) {
        let error = #expect(throws: HAProxyError.self) { try ServerState.rows(in: text) }
        #expect(error?.code == .malformedAnswer)
    }

    @Test func mapEntries() throws {
        #expect(
            try MapEntry.entries(in: "0x1 a.b /shop\n0x2 k two words\n0x3 k ").map(\.value) == [
                "/shop", "two words", "",
            ])
        #expect(try MapEntry.entries(in: "").isEmpty)
        #expect(throws: HAProxyError.self) { try MapEntry.entries(in: "Unknown map identifier.") }
    }
}

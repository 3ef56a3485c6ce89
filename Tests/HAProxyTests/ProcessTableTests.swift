import HAProxy
import Testing

@Suite struct ProcessTableTests {
    @Test func oldWorkersAndFailures() throws {
        let table = try ProcessTable.parse(
            """
            #<PID>          <type>          <reloads>       <uptime>        <version>
            14977           master          3 [failed: 2]   1d02h03m04s     2.6.12-1+deb12u4
            # workers
            15126           worker          2               0d00h00m04s     2.6.12-1+deb12u4
            # old workers
            14981           worker          3               0d00h01m05s     2.6.12-1+deb12u4
            # programs
            14990           syslogd         0               0d00h01m05s     -

            """)
        #expect(table.master.pid == 14977)
        #expect(table.master.reloads == 3)
        #expect(table.master.failed == 2)
        #expect(table.workers.map(\.pid) == [15126, 14981])
        #expect(table.workers.map(\.old) == [false, true])
        #expect(table.workers.map(\.uptime) == [.seconds(4), .seconds(65)])
        #expect(table.workers[0].relativePid == nil)
    }

    @Test func formatOfOlderVersions() throws {
        let table = try ProcessTable.parse(
            """
            #<PID>          <type>          <relative PID>  <reloads>       <uptime>        <version>
            1162            master          0               5               0d00h02m07s     2.0
            # workers
            1271            worker          1               0               0d00h00m00s     2.0
            # old workers
            1233            worker          [was: 1]        3               0d00h00m43s     2.0
            """)
        #expect(table.master.reloads == 5)
        #expect(table.master.failed == 0)
        #expect(table.workers.map(\.relativePid) == [1, nil])
        #expect(table.workers.map(\.old) == [false, true])
    }

    @Test(arguments: [
        "", "\n", "nonsense", "#<PID> <type> <reloads> <uptime>\nx master 0 0d\n",
        "#<PID> <type> <reloads> <uptime>\n1 master 0 [failed: x] 0d\n",
        "#<PID> <type> <reloads> <uptime>\n1 worker 0 0d00h00m01s\n",
        "#<PID> <type> <reloads> <uptime>\n1 worker 0 soon\n",
    ]) func malformed(_ text: String) {
        let error = #expect(throws: HAProxyError.self) { try ProcessTable.parse(text) }
        #expect(error?.code == .malformedAnswer)
    }
}

import HAProxy
import Testing

@Suite struct StatsCSVTests {
    static let header =
        "# pxname,svname,qcur,scur,stot,dreq,status,act,bck,type,rate,lastsess,rtime,idle_conn_cur,used_conn_cur,"

    func rows(_ text: String, keeping kinds: Set<StatsRow.Kind>? = nil) throws -> [StatsRow] {
        guard let kinds else { return try StatsCSV.rows(in: Array(text.utf8)) }
        return try StatsCSV.rows(in: Array(text.utf8), keeping: kinds)
    }

    @Test func everyColumn() throws {
        let row = try #require(try rows("\(Self.header)\napp,BACKEND,1,2,3,11,UP,4,5,1,6,7,8,9,10,\n\n").first)
        #expect(
            row
                == StatsRow(
                    proxy: "app", server: "BACKEND", kind: .backend, currentSessions: 2, currentQueue: 1,
                    totalSessions: 3, deniedRequests: 11, rate: 6, lastSession: .seconds(7),
                    responseTime: .milliseconds(8), status: "UP",
                    usedConnections: 10, idleConnections: 9, activeServers: 4, backupServers: 5))
    }

    @Test func emptyCellsAndMinusOne() throws {
        let row = try #require(try rows("\(Self.header)\nweb,FRONTEND,,0,,,OPEN,,,0,0,,,,,\n").first)
        #expect(row == StatsRow(proxy: "web", server: "FRONTEND", kind: .frontend, status: "OPEN"))
        let never = try #require(try rows("\(Self.header)\napp,s1,0,0,0,0,MAINT,1,0,2,0,-1,0,0,0,\n").first)
        #expect(never.lastSession == nil)
        #expect(never.kind == .server)
    }

    @Test func reorderedUnknownAndLaterColumns() throws {
        let text = """
            # type,new,svname,pxname,rtime,lastsess,rate,bck,act,status,dreq,stot,scur,qcur
            1,"a,b",BACKEND,app,8,7,6,5,4,UP,0,3,2,1
            3,x,sock,web,0,,0,,,OPEN,,0,0,
            9,x,later,web,0,,0,,,OPEN,,0,0,
            """
        let rows = try rows(text)
        #expect(rows.map(\.kind) == [.backend, .listener])
        #expect(rows[0].currentQueue == 1)
        #expect(rows[0].responseTime == .milliseconds(8))
        #expect(rows[0].usedConnections == nil)
    }

    @Test func quotedCells() throws {
        let text = "\(Self.header)\r\n\"a,\"\"b\"\"\nc\",BACKEND,1,2,3,0,\"UP, \"\"1/2\"\"\",4,5,1,6,7,8,9,10,\r\n"
        let row = try #require(try rows(text).first)
        #expect(row.proxy == "a,\"b\"\nc")
        #expect(row.status == "UP, \"1/2\"")
        #expect(row.usedConnections == 10)
    }

    @Test func onlySomeKinds() throws {
        let text = """
            \(Self.header)
            web,FRONTEND,,0,,,OPEN,,,0,0,,,,,
            app,s1,0,0,0,0,UP,1,0,2,0,-1,0,0,0,
            app,BACKEND,0,0,0,0,UP,1,0,1,0,-1,0,0,0,
            """
        #expect(try rows(text, keeping: [.backend]).map(\.server) == ["BACKEND"])
        #expect(try rows(text, keeping: []).isEmpty)
        #expect(try rows(text).count == 3)
    }

    /// The rest of a line is passed over, of rows that are not wanted from their type on.
    @Test func linesInWhatIsPassedOver() throws {
        let rest = #""two\#nlines, ""quoted"", and web,FRONTEND",,plain "quote" in it,"#
        let text = """
            \(Self.header)check_desc,agent_desc,addr
            app,s1,0,0,0,0,UP,1,0,2,0,-1,0,0,0,\(rest)
            app,BACKEND,0,0,3,0,UP,1,0,1,0,-1,0,0,0,\(rest)
            app,s2,0,0,0,0,UP,1,0,2,0,-1,0,0,0,
            other,BACKEND,0,0,4,0,UP,1,0,1,0,-1,0,0,0
            """
        #expect(try rows(text, keeping: [.backend]).map(\.totalSessions) == [3, 4])
        #expect(try rows(text).map(\.server) == ["s1", "BACKEND", "s2", "BACKEND"])
    }

    @Test func missingColumns() {
        for text in ["", "\n", "<html>no</html>", "# pxname,svname,type\n"] {
            let error = #expect(throws: HAProxyError.self) { try rows(text) }
            #expect(error?.code == .missingColumn)
        }
        let error = #expect(throws: HAProxyError.self) { try rows(Self.header.replacing("scur,", with: "")) }
        #expect(error?.message == "no column scur")
    }

    @Test func headerOnly() throws {
        #expect(try rows(Self.header).isEmpty)
        #expect(try rows(Self.header + "\n\n").isEmpty)
    }

    @Test(arguments: [
        "app,BACKEND,1,2", "app,BACKEND,1,2,3,0,UP,4,5,1,6,7", "app,BACKEND,x,2,3,0,UP,4,5,1,6,7,8,9,10,",
        "app,BACKEND,99999999999999999999,2,3,0,UP,4,5,1,6,7,8,9,10,", "app,BACKEND,-,2,3,0,UP,4,5,1,6,7,8,9,10,",
        "app,\"BACKEND,1,2,3,0,UP,4,5,1,6,7,8,9,10,",
    ]) func badRows(_ line: String) {
        let error = #expect(throws: HAProxyError.self) { try rows("\(Self.header)\n\(line)\n") }
        #expect(error?.code == .malformedAnswer)
    }

    /// Whatever a peer sends, reading ends, with rows or an error.
    @Test func anyCutIsRead() {
        let text = Array("\(Self.header)\n\"a\"\"b\",BACKEND,1,2,3,0,\"UP\",4,5,1,6,7,8,9,10,\r\n\n".utf8)
        for length in 0...text.count {
            do throws(HAProxyError) {
                _ = try StatsCSV.rows(in: Array(text.prefix(length)))
            } catch {
                #expect([.missingColumn, .malformedAnswer].contains(error.code))
            }
        }
    }
}

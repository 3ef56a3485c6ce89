import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Testing

@testable import FlockHAProxy

@Suite struct ConnectionLimitTests {
    private func limit(_ openFiles: Int, slots: Int = 0, style: Settings.HTTP.Style = .map) throws -> ConnectionLimit {
        let settings = try RenderedFilesTests.settings(style)
        var table = SlotTable()
        if slots > 0 { table.grow(HAProxyName(literal: "app_a"), to: slots) }
        let plan = RoutingPlan(
            table: RoutingTable(apps: [], domain: settings.domain), slots: table, settings: settings)
        return ConnectionLimit(plan, openFiles: openFiles)
    }

    @Test func `all requests that may wait find room, beside the usual ones`() throws {
        let limit = try limit(1_000_000)
        #expect(limit.count == 14_000 && limit.wanted == 14_000)
    }

    @Test func `where few files may be open there are fewer, and fewer still beside many checks`() throws {
        let (few, fewer) = (try limit(20_000), try limit(20_000, slots: 8191))
        #expect((9_000..<10_000).contains(few.count) && few.wanted == 14_000)
        #expect(few.count - fewer.count == (8192 - 256) / 2)
        #expect(try limit(20_000, slots: 100) == few)
        #expect(try limit(20_000, slots: 8191, style: .acl).count < fewer.count)
        #expect(try limit(few.lacking(of: 20_000)).count == 14_000)
        #expect(try limit(10).count == 100)
    }

    @Test func `HAProxy starts with few files, says so, and reloads for a flock-haproxy that may have more`()
        async throws
    {
        let folder = try TemporaryFolder()
        let binary = "\(folder.path)/haproxy"
        try "#!/bin/sh\nulimit -n 600\nexec \(HAProxyBinary.locate()) \"$@\"\n"
            .write(toFile: binary, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: binary)
        try await EchoServers.run(1) { servers in
            try await DriverSite.run(binary: binary, openFiles: 600) { site in
                let one = AppExamples.app("one", "1.0.0", ports: servers.ports)
                try await site.apply([one])
                #expect(try await site.get("one.flock.test").status == 200)
                #expect(site.log.text.contains("LimitNOFILE"))
                let next = try site.successor()
                try await next.start()
                try await site.apply([one, AppExamples.app("two", "1.0.0", ports: servers.ports)], with: next)
                #expect(try await site.get("two.flock.test").status == 200)
            }
        }
    }
}

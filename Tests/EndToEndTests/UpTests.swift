import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Everything in one process, as a person starts it.
@Suite(.serialized)
struct UpTests {
    @Test("Ctrl-C ends flock up, HAProxy and every task; the next flock up starts the same apps, without a failure")
    func interrupt() async throws {
        try await Site.up { site in
            let definition = #"{"cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32, "instances": 2}"#
            #expect(try await site.engine(.PUT, "/v2/apps/steady", definition).status == 201)
            try await eventually("two run") { try await site.marathon.app("/steady")?.tasksRunning == 2 }
            try await site.interrupt()
            #expect(try site.processes().isEmpty)
            try await site.startUp()
            try await eventually("two run again") { try await site.marathon.app("/steady")?.tasksRunning == 2 }
            #expect(try await site.marathon.app("/steady")?.lastTaskFailure == nil)
            try await site.interrupt()
            #expect(try site.processes().isEmpty)
        }
    }
}

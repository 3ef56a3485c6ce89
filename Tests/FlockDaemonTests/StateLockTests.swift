import FlockCore
import Foundation
import Testing

@testable import FlockDaemon

@Suite struct StateLockTests {
    @Test func `a second holder is refused and told who the first is`() async throws {
        try await withTemporaryFolder { folder in
            let state = StateFolder("\(folder)/state")
            let lock = try StateLock(part: "flock-hook", state: state)
            let own = ProcessInfo.processInfo.processIdentifier
            #expect(StateLock.holder(of: "flock-hook", state: state) == own)
            let error = try #require(throws: DaemonError.self) { try StateLock(part: "flock-hook", state: state) }
            #expect(error.code == .alreadyRunning && error.message.contains("process \(own)"))
            lock.release()
            // A child that another test starts has its files until it becomes its program.
            #expect(await eventually { StateLock.holder(of: "flock-hook", state: state) == nil })
            #expect(await eventually { (try? StateLock(part: "flock-hook", state: state))?.release() != nil })
        }
    }

    @Test func `another part has its own lock`() async throws {
        try await withTemporaryFolder { folder in
            let state = StateFolder(folder)
            let one = try StateLock(part: "flock-hook", state: state)
            let other = try StateLock(part: "flock-engine", state: state)
            #expect(StateLock.holder(of: "flock-scaler", state: state) == nil)
            one.release()
            other.release()
        }
    }

    @Test func `the folder is for its owner only`() async throws {
        try await withTemporaryFolder { folder in
            try StateLock(part: "x", state: StateFolder("\(folder)/state")).release()
            let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/state")[.posixPermissions] as? Int
            #expect(mode == 0o700)
        }
    }
}

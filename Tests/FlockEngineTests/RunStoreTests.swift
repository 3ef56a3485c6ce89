import FlockCore
import FlockTesting
import Foundation
import Testing

@testable import FlockEngine

struct RunStoreTests {
    private let folder: TemporaryFolder
    private let store: RunStore

    init() throws {
        folder = try TemporaryFolder()
        store = RunStore(folder: folder.path)
        try FileManager.default.createDirectory(atPath: store.folder("t"), withIntermediateDirectories: true)
        try store.offerCommand(
            BoxCommand(script: #"echo "$1" > "$OUT""#, arguments: ["it's"], environment: ["OUT": folder.path + "/out"]),
            for: "t")
    }

    /// Runs the task's first process to its end.
    private func runShim() async throws {
        let pid = try await TaskShim.start("t", folder: store.folder("t"), sandbox: folder.path)
        await ProcessExit.wait(for: ProcessIdentity(pid: pid, startTime: ProcessStat(pid: pid)?.startTime ?? 0))
    }

    @Test func `a command that was taken runs once, and cannot be withdrawn`() async throws {
        try await runShim()
        #expect(try String(contentsOfFile: folder.path + "/out", encoding: .utf8) == "it's\n")
        #expect(store.withdrawCommand("t") && store.exitCode("t") == 0)
        let first = store.shim("t")
        try FileManager.default.removeItem(atPath: folder.path + "/out")
        try await runShim()
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out") && store.shim("t") != first)
    }

    @Test func `a command that was withdrawn does not run, and every later look says so`() async throws {
        #expect(!store.withdrawCommand("t") && !store.withdrawCommand("t"))
        try await runShim()
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
        // The first process has told who it is by now, and has begun nothing.
        #expect(store.shim("t") != nil && !store.withdrawCommand("t") && store.exitCode("t") == nil)
        #expect(!store.withdrawCommand("nothing"))
    }
}

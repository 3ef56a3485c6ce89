import FlockTesting
import Foundation
import Testing

@testable import Git

@Suite struct StoreTests {
    private func packs(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/objects/pack").filter { $0.hasSuffix(".pack") }
    }

    @Test func isEmptiedWhenItHasTooManyPacksAndNobodyReads() async throws {
        try await Workspace.with { workspace in
            try workspace.write("kept", to: "file")
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                func fetch() async throws -> FetchedCommit {
                    try workspace.write(UUID().uuidString, to: "changing")
                    try await workspace.commit()
                    return try await GitRepository.fetch(
                        .branch("main"), from: server.remote(), into: path, limits: FetchLimits(storePacks: 2))
                }
                for _ in 0..<8 {
                    let fetched = try await fetch()
                    #expect(try await fetched.repository.file("file", at: fetched.commit) == Array("kept".utf8))
                    // The one before may just be about to go.
                    #expect(try packs(path).count <= 4)
                }
                var reader: FetchedCommit? = try await fetch()
                for _ in 0..<5 { _ = try await fetch() }
                #expect(try packs(path).count > 5, "somebody reads")
                if let reader {
                    #expect(try await reader.repository.file("file", at: reader.commit) == Array("kept".utf8))
                }
                reader = nil
                try await eventually("the store is emptied") {
                    _ = try await fetch()
                    return try packs(path).count == 1
                }
                try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
            }
        }
    }

    @Test func isEmptiedWhenItIsTooLarge() async throws {
        try await Workspace.with { workspace in
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                for _ in 0..<3 {
                    try workspace.write(noise(100_000), to: "file")
                    let commit = try await workspace.commit()
                    let fetched = try await GitRepository.fetch(
                        .branch("main"), from: server.remote(), into: path, limits: FetchLimits(storeBytes: 50_000))
                    #expect(fetched.commit == commit)
                    #expect(try packs(path).count <= 2)
                }
            }
        }
    }

    @Test func isMadeAnewWhenItIsDamaged() async throws {
        try await Workspace.with { workspace in
            try workspace.write(noise(10_000), to: "file")
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                for damage in ["missing", "truncated", "no folder"] {
                    _ = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                    let pack = try "\(path)/objects/pack/\(packs(path)[0])"
                    switch damage {
                    case "missing": try FileManager.default.removeItem(atPath: pack)
                    case "truncated": try Data([1, 2, 3]).write(to: URL(filePath: pack))
                    default: try FileManager.default.removeItem(atPath: "\(path)/objects")
                    }
                    let again = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                    #expect(again.commit == commit)
                    #expect(try await again.repository.file("file", at: commit)?.count == 10_000, "\(damage)")
                }
            }
        }
    }

    @Test func isNotTakenForCompleteWhenAFileIsMissing() async throws {
        try await Workspace.with { workspace in
            let absent = try ObjectID(String(repeating: "1", count: 40)).orThrow()
            let whole = try await workspace.commit(entries: [
                RawEntry("160000", "vendor", absent), RawEntry("100644", "a", workspace.blob("a")),
            ])
            let folder = try await workspace.tree([RawEntry("100644", "a", absent)])
            let repository = try GitRepository(bareAt: workspace.bare)
            try await repository.checkCompleteness(of: whole)
            for entry in [RawEntry("40000", "folder", folder), RawEntry("40000", "folder", absent)] {
                let commit = try await workspace.commit(entries: [entry])
                await expectError(.corrupt) { try await repository.checkCompleteness(of: commit) }
            }
        }
    }

    @Test func isRidOfWhatAFetchHasLeft() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                _ = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                let (old, new) = ("\(path)/objects/pack/pack_git2_old", "\(path)/objects/pack/pack_git2_new")
                for file in [old, new] { try Data("PACK".utf8).write(to: URL(filePath: file)) }
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSinceNow: -4000)], ofItemAtPath: old)
                _ = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(!FileManager.default.fileExists(atPath: old))
                #expect(FileManager.default.fileExists(atPath: new), "another fetch may be writing it")
            }
        }
    }

    @Test func isOfUseAfterAKill() async throws {
        try await Workspace.with { workspace in
            try workspace.write(noise(100_000), to: "file")
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                for stage in ["pack", "fetch"] {
                    try workspace.write(noise(100_000), to: "file")
                    let commit = try await workspace.commit()
                    try? FileManager.default.removeItem(atPath: "\(workspace.folder)/stalled")
                    let url = server.url("stall/\(stage)")
                    let stalled = "\(workspace.folder)/stalled"
                    await #expect(processExitsWith: .signal(SIGKILL)) {
                        [url = url as String, path = path as String, stalled = stalled as String] in
                        let remote = try Remote(RemoteURL(url), allowsHTTP: true, allowsPrivateAddresses: true)
                        async let fetched = GitRepository.fetch(.branch("main"), from: remote, into: path)
                        try await eventually("the pack is amid its way") {
                            FileManager.default.fileExists(atPath: stalled)
                        }
                        kill(getpid(), SIGKILL)
                        _ = try await fetched
                    }
                    try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
                    let fetched = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                    #expect(fetched.commit == commit)
                    try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
                }
            }
        }
    }

    @Test func goesWhenNobodyHasWantedItForLongAndNobodyUsesIt() async throws {
        try await Workspace.with { workspace in
            try workspace.write("a", to: "file")
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                func isThere() -> Bool { FileManager.default.fileExists(atPath: path) }
                func discard() async throws -> Bool {
                    try await GitRepository.discardStore(at: path, unwantedSince: Date(timeIntervalSinceNow: -3600))
                }
                func age() throws {
                    let old = Date(timeIntervalSinceNow: -7200)
                    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: "\(path).lock")
                }
                var reader: FetchedCommit? = try await GitRepository.fetch(
                    .branch("main"), from: server.remote(), into: path)
                #expect(try await !discard(), "it is wanted")
                try age()
                #expect(try await !discard(), "somebody reads")
                if let reader { #expect(try await reader.repository.file("file", at: reader.commit) != nil) }
                reader = nil
                try await GitRepository.keepStore(at: path)
                #expect(try await !discard() && isThere(), "it is wanted again")
                try age()
                // A handle is given back on a thread of its own.
                try await eventually("it goes") { try await discard() }
                #expect(!isThere())
                _ = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(isThere())
            }
        }
    }
}

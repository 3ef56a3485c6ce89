import Testing

@testable import Git

@Suite struct UploadPackSessionTests {
    private static let one = String(repeating: "1", count: 40)
    private static let two = String(repeating: "2", count: 40)
    private let first = ObjectID(one)
    private let second = ObjectID(two)

    private static let version2: [PktLine] = [
        .text("version 2"), .text("agent=git/2.39"), .text("ls-refs=unborn"), .text("fetch=shallow wait-for-done"),
        .text("object-format=sha1"), .flush,
    ]
    private static let version0: [PktLine] = [
        .data(Array("\(one) HEAD\0multi_ack side-band-64k thin-pack shallow symref=HEAD:refs/heads/main\n".utf8)),
        .text("\(one) refs/heads/main"), .text("\(two) refs/tags/v1"), .text("\(one) refs/tags/v1^{}"),
        .text("shallow \(two)"), .flush,
    ]

    private func talk(_ packets: [PktLine]) throws -> UploadPackSession {
        var session = UploadPackSession()
        for packet in packets { _ = try session.receive(packet) }
        return session
    }

    private func lines(_ bytes: [UInt8]) throws -> [String] {
        var decoder = PktLineDecoder()
        decoder.append(bytes)
        var lines: [String] = []
        while let packet = try decoder.next() { lines.append(packet.text ?? "\(packet)") }
        return lines
    }

    private func expect(
        _ session: inout UploadPackSession, _ packet: PktLine, _ delivery: UploadPackSession.Delivery?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let got = try session.receive(packet)
        #expect(got == delivery, sourceLocation: sourceLocation)
    }

    @Test func version2ListsAndFetches() throws {
        // GitHub announces the service in version 2, too; git's own server does not.
        for announcement in [[], [PktLine.text("# service=git-upload-pack"), .flush]] {
            var session = try talk(announcement + Self.version2)
            #expect(session.awaitsRequest)
            let asked = session.listRequest(prefix: "refs/heads/main")
            let list = try lines(#require(asked))
            #expect(
                list == [
                    "command=ls-refs", "agent=flock", "object-format=sha1", "delimiter", "peel",
                    "ref-prefix refs/heads/main", "flush",
                ])
            _ = try session.receive(.text("\(Self.one) refs/heads/main"))
            _ = try session.receive(.text("\(Self.two) refs/heads/main2 peeled:\(Self.one)"))
            #expect(!session.awaitsRequest)
            _ = try session.receive(.flush)
            #expect(session.awaitsRequest)
            #expect(session.references.map(\.name) == ["refs/heads/main", "refs/heads/main2"])
            #expect(session.references.map(\.target) == [first, first])

            let commit = try #require(first)
            let known = try UploadPackSession.Known(commits: [#require(second)], shallow: [#require(second)])
            let request = session.packRequest(for: commit, known: known)
            let fetch = try lines(request)
            #expect(
                fetch.dropFirst(4) == [
                    "thin-pack", "no-progress", "ofs-delta", "want \(Self.one)", "shallow \(Self.two)", "deepen 1",
                    "have \(Self.two)", "done", "flush",
                ])
            try expect(&session, .text("shallow-info"), nil)
            try expect(&session, .text("shallow \(Self.one)"), .shallow(commit))
            try expect(&session, .text("unshallow \(Self.one)"), .unshallow(commit))
            try expect(&session, .delimiter, nil)
            try expect(&session, .text("packfile"), nil)
            try expect(&session, .data([2, 65]), nil)
            try expect(&session, .data([1, 80, 65]), .pack([80, 65]))
            try expect(&session, .flush, nil)
            #expect(session.isDone)
        }
    }

    @Test func version0ListsAtOnceAndFetches() throws {
        for announcement in [[], [PktLine.text("# service=git-upload-pack"), .flush], [.text("version 1")]] {
            var session = try talk(announcement + Self.version0)
            #expect(session.awaitsRequest)
            let asked = session.listRequest(prefix: "refs/heads/main")
            #expect(asked == nil)
            #expect(session.references.map(\.name) == ["HEAD", "refs/heads/main", "refs/tags/v1"])
            #expect(session.references.map(\.target) == [first, first, first], "a tag leads to its commit")
            let known = try UploadPackSession.Known(commits: [#require(second)], shallow: [#require(second)])
            let commit = try #require(first)
            let request = session.packRequest(for: commit, known: known)
            let fetch = try lines(request)
            #expect(
                fetch == [
                    "want \(Self.one) side-band-64k thin-pack", "shallow \(Self.two)", "deepen 1", "flush",
                    "have \(Self.two)", "done",
                ])
            try expect(&session, .text("shallow \(Self.one)"), first.map { .shallow($0) })
            try expect(&session, .flush, nil)
            try expect(&session, .text("ACK \(Self.two)"), nil)
            try expect(&session, .data([1, 80]), .pack([80]))
            try expect(&session, .flush, nil)
            #expect(session.isDone)
        }
    }

    @Test func anEmptyRepositoryListsNothing() throws {
        let zeros = String(repeating: "0", count: 40)
        let capabilities = PktLine.data(Array("\(zeros) capabilities^{}\0side-band-64k".utf8))
        #expect(try talk([capabilities, .flush]).references.isEmpty)
        #expect(try talk([.flush]).awaitsRequest)
    }

    @Test(
        arguments: [
            [.text("ERR access denied\u{1B}[31m\nroot: ok")],
            [.text("version 2"), .text("object-format=sha256"), .flush],
            [.text("\(one) HEAD")], [.text("<html>")], [.delimiter], [.data([0xFF, 0xFE])],
            [.text("# service=git-upload-pack"), .text("version 2")],
        ] as [[PktLine]])
    func reportsWhatTheServerDoesWrong(_ packets: [PktLine]) async {
        let error = await expectError(.fetchFailed) { _ = try talk(packets) }
        #expect(error?.message.contains { $0.isNewline || $0 == "\u{1B}" } == false)
    }

    @Test func reportsTheServersLastWords() async throws {
        var session = try talk(Self.version2)
        let commit = try #require(first)
        _ = session.packRequest(for: commit, known: .init())
        _ = try session.receive(.text("packfile"))
        let error = await expectError(.fetchFailed) {
            _ = try session.receive(.data([3] + Array("out of disk".utf8)))
        }
        #expect(error?.message.contains("out of disk") == true)
    }

    @Test func readsNoMoreReferencesThanItsLimit() async throws {
        var session = try talk(Self.version2)
        _ = session.listRequest(prefix: "refs/heads/")
        await expectError(.tooLarge) {
            for number in 0...UploadPackSession.referenceLimit {
                _ = try session.receive(.text("\(Self.one) refs/heads/\(number)"))
            }
        }
    }
}

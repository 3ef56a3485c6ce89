/// The client's side of a talk with `git-upload-pack`, over any transport: what to send, and what the answers mean. It
/// speaks version 2 (gitprotocol-v2(5)), and versions 0 and 1 (gitprotocol-pack(5)) with servers that know no other.
///
///     advertisement ─► awaits ─ references() ─► listing ─► awaits ─ pack(…) ─► sections ─► done
///                        └────── in version 0 the advertisement is the listing ──────┘
struct UploadPackSession {
    /// What a packet brought that is to be kept.
    enum Delivery: Hashable, Sendable {
        /// Part of the pack.
        case pack([UInt8])
        /// The commit is there without its parents.
        case shallow(ObjectID)
        /// The commit's parents are there from now on.
        case unshallow(ObjectID)
    }

    /// What the store has already, so that only the difference is sent.
    struct Known: Hashable, Sendable {
        var commits: [ObjectID] = []
        var shallow: [ObjectID] = []
    }

    private enum State: Hashable {
        case advertisement
        /// `# service=git-upload-pack`, which precedes the advertisement over HTTP, and its flush.
        case announcement
        case capabilities
        case listing
        /// Version 2: what comes next is a section's name.
        case section
        case acknowledgments
        case shallowInfo
        case otherSection
        /// Versions 0 and 1: what was cut, then ACK or NAK.
        case shallowLines
        case acknowledgment
        case pack
        case awaitsRequest
        case done
    }

    /// A server with more is not answered: version 0 lists all it has, asked or not.
    static let referenceLimit = 100_000

    private var state = State.advertisement
    private var isVersion2 = false
    private var capabilities = Capabilities()
    private var shallowIsAsked = false
    /// What the server listed; in version 0 all that it has.
    private(set) var references: [Reference] = []

    /// - Parameter assumingVersion2: whether the talk begins with a request, as if the server had said that it speaks
    ///   version 2 with what all such servers can do.
    init(assumingVersion2: Bool = false) {
        guard assumingVersion2 else { return }
        isVersion2 = true
        capabilities.add("fetch=shallow")
        state = .awaitsRequest
    }

    /// Whether the server has answered and waits for a request.
    var awaitsRequest: Bool { state == .awaitsRequest }
    /// Whether what comes now is delivered, and not kept here.
    var isReceivingPack: Bool { state == .pack }
    /// Whether the pack is complete.
    var isDone: Bool { state == .done }

    // MARK: Requests

    /// What asks for the references whose full names begin with `prefix`; nil if they are known already.
    mutating func listRequest(prefix: String) -> [UInt8]? {
        guard isVersion2 else { return nil }
        state = .listing
        references = []
        return
            ([.text("command=ls-refs")] + capabilityLines + [
                .delimiter, .text("peel"), .text("ref-prefix \(prefix)"), .flush,
            ]).encoded
    }

    /// What asks for a commit without its parents, as the difference to what is known.
    mutating func packRequest(for commit: ObjectID, known: Known) -> [UInt8] {
        let cut = known.shallow.map { PktLine.text("shallow \($0)") }
        let haves = known.commits.map { PktLine.text("have \($0)") }
        if isVersion2 {
            state = .section
            let deepen = capabilities.fetch("shallow") ? cut + [.text("deepen 1")] : []
            return
                ([.text("command=fetch")] + capabilityLines + [
                    .delimiter, .text("thin-pack"), .text("no-progress"), .text("ofs-delta"), .text("want \(commit)"),
                ] + deepen + haves + [.text("done"), .flush]).encoded
        }
        shallowIsAsked = capabilities.has("shallow")
        state = shallowIsAsked ? .shallowLines : .acknowledgment
        let wishes = ["side-band-64k", "thin-pack", "ofs-delta", "no-progress"].filter(capabilities.has)
        return
            ([.text("want \(commit) \(wishes.joined(separator: " "))")] + (shallowIsAsked ? cut : [])
            + (shallowIsAsked ? [.text("deepen 1")] : []) + [.flush] + haves + [.text("done")]).encoded
    }

    private var capabilityLines: [PktLine] {
        (capabilities.has("agent") ? [.text("agent=flock")] : [])
            + (capabilities.has("object-format") ? [.text("object-format=sha1")] : [])
    }

    // MARK: Answers

    /// - Throws: `fetchFailed` when the server reports an error or does not keep to the protocol, `tooLarge` for too
    ///   many references.
    mutating func receive(_ packet: PktLine) throws(GitError) -> Delivery? {
        if case .pack = state { return try receivePack(packet) }
        if let text = packet.text, text.hasPrefix("ERR ") { throw Self.refused(text.dropFirst(4)) }
        switch (state, packet) {
        case (.advertisement, .data): try advertisement(packet)
        // An empty repository of an old server.
        case (.advertisement, .flush): state = .awaitsRequest
        case (.announcement, .flush): state = .advertisement
        case (.capabilities, .data): capabilities.add(try line(packet))
        case (.capabilities, .flush):
            try checkObjectFormat()
            state = .awaitsRequest
        case (.listing, .data): try addReference(try line(packet))
        case (.listing, .flush): state = .awaitsRequest
        case (.section, .data): try beginSection(try line(packet))
        case (.acknowledgments, .delimiter), (.shallowInfo, .delimiter), (.otherSection, .delimiter): state = .section
        case (.acknowledgments, .data), (.otherSection, .data): break
        case (.shallowInfo, .data), (.shallowLines, .data): return try shallowLine(try line(packet))
        case (.shallowLines, .flush): state = .acknowledgment
        case (.acknowledgment, .data): try acknowledge(try line(packet))
        default: throw Self.unexpected(packet)
        }
        return nil
    }

    /// The first packet tells the version.
    private mutating func advertisement(_ packet: PktLine) throws(GitError) {
        guard case .data(let bytes) = packet else { throw Self.unexpected(packet) }
        // In version 0 the capabilities follow the first reference after a NUL.
        let parts = bytes.split(separator: 0, maxSplits: 1)
        let first = PktLine.data(Array(parts.first ?? []))
        let text = try line(first)
        if text.hasPrefix("# service=") {
            state = .announcement
        } else if text == "version 2" {
            isVersion2 = true
            state = .capabilities
        } else if text != "version 1" {
            if parts.count == 2 {
                let rest = try line(.data(Array(parts[1])))
                for capability in rest.split(separator: " ") { capabilities.add(String(capability)) }
            }
            try checkObjectFormat()
            guard capabilities.has("side-band-64k") else {
                throw Self.failed("the server knows neither version 2 of git's protocol nor side-band-64k")
            }
            state = .listing
            try addReference(text)
        }
    }

    private func checkObjectFormat() throws(GitError) {
        guard let format = capabilities.value(of: "object-format"), format != "sha1" else { return }
        throw Self.failed("the repository's ids are \(GitError.printable(format)), not sha1")
    }

    /// `ID NAME`, with attributes in version 2; a tag's commit is given by `peeled:ID` or by a line for `NAME^{}`.
    private mutating func addReference(_ line: String) throws(GitError) {
        let words = line.split(separator: " ")
        if !isVersion2 && words.first == "shallow" { return }
        guard words.count >= 2, let id = ObjectID(String(words[0])) else {
            throw Self.unexpected(.text(line))
        }
        // An empty repository lists its capabilities under this name.
        if id.isZero { return }
        let name = String(words[1])
        if name.hasSuffix("^{}"), let last = references.last, name.dropLast(3) == last.name {
            references[references.count - 1] = Reference(name: last.name, target: id)
            return
        }
        guard references.count < Self.referenceLimit else {
            throw GitError(
                .tooLarge, operation: "fetch", message: "the server lists more than \(Self.referenceLimit) references")
        }
        let peeled = words.dropFirst(2).first { $0.hasPrefix("peeled:") }.flatMap { ObjectID(String($0.dropFirst(7))) }
        references.append(Reference(name: name, target: peeled ?? id))
    }

    private mutating func beginSection(_ name: String) throws(GitError) {
        state =
            switch name {
            case "acknowledgments": .acknowledgments
            case "shallow-info": .shallowInfo
            case "packfile": .pack
            default: .otherSection
            }
    }

    private func shallowLine(_ line: String) throws(GitError) -> Delivery {
        let words = line.split(separator: " ")
        guard words.count == 2, let id = ObjectID(String(words[1])) else { throw Self.unexpected(.text(line)) }
        switch words[0] {
        case "shallow": return .shallow(id)
        case "unshallow": return .unshallow(id)
        default: throw Self.unexpected(.text(line))
        }
    }

    private mutating func acknowledge(_ line: String) throws(GitError) {
        guard line == "NAK" || line.hasPrefix("ACK ") else { throw Self.unexpected(.text(line)) }
        state = .pack
    }

    /// The first byte of a packet is its band: 1 pack, 2 progress, 3 the server's last words.
    private mutating func receivePack(_ packet: PktLine) throws(GitError) -> Delivery? {
        switch packet {
        case .flush:
            state = .done
            return nil
        case .data(let bytes):
            switch bytes.first {
            case 1: return .pack(Array(bytes.dropFirst()))
            case 2: return nil
            case 3: throw Self.refused(String(decoding: bytes.dropFirst(), as: UTF8.self)[...])
            default: throw Self.unexpected(packet)
            }
        case .delimiter, .responseEnd: throw Self.unexpected(packet)
        }
    }

    private func line(_ packet: PktLine) throws(GitError) -> String {
        guard let text = packet.text else { throw Self.unexpected(packet) }
        return text
    }

    private static func failed(_ message: String) -> GitError {
        GitError(.fetchFailed, operation: "fetch", message: message)
    }

    private static func refused(_ message: Substring) -> GitError {
        failed("the server says: \(GitError.printable(String(message)))")
    }

    private static func unexpected(_ packet: PktLine) -> GitError {
        let what = packet.text.map { GitError.printable($0).debugDescription } ?? "a packet"
        return failed("the server does not keep to git's protocol: \(what) was not expected")
    }
}

import Foundation

/// Memory that flock-backup needs for requests that wait for their app, over the same number of idle connections.
struct HeldBenchmark {
    let flock: String
    private let count = 1000
    private let body = 1 << 20

    private enum Kind: CaseIterable {
        case idle, get, post

        var name: String {
            switch self {
            case .idle: "idle connections"
            case .get: "held GET"
            case .post: "held POST of 1 MiB"
            }
        }
    }

    /// KiB.
    private struct Memory {
        var anonymous, proportional: Double

        init(_ process: Process) throws {
            let figures = ProcessFigures(pid: process.processIdentifier)
            anonymous = try figures.memory("RssAnon")
            proportional = try figures.memory("Pss", in: "smaps_rollup")
        }
    }

    func run() throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

        print("held      \(count) at once, a fresh flock-backup for each kind")
        var base: Double?
        for kind in Kind.allCases {
            let (before, after) = try measure(kind)
            let each = (after.anonymous - before.anonymous) / Double(count)
            print(
                "          \(kind.name.padding(toLength: 24, withPad: " ", startingAt: 0))RssAnon "
                    + "\((before.anonymous / 1024).rounded(to: 1)) → \((after.anonymous / 1024).rounded(to: 1)) MiB, Pss "
                    + "\((before.proportional / 1024).rounded(to: 1)) → "
                    + "\((after.proportional / 1024).rounded(to: 1)) MiB, \(each.rounded(to: 1)) KiB each"
                    + (base.map { ", ratio \((each / $0).rounded(to: 1))" } ?? ""))
            if base == nil { base = each }
        }
    }

    private func measure(_ kind: Kind) throws -> (before: Memory, after: Memory) {
        // The stand-in for Marathon starts nothing: requests for its second app wait.
        let site = try RoutingSite(flock: flock, apps: 2, running: 1)
        defer { site.stop() }
        let backup = try site.startBackup(["backup.hold=5m"])
        // What the first of all needs is no cost of the others.
        let first = try open(.idle)
        close(first)
        let before = try Memory(backup)
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        for _ in 0..<count { sockets.append(try open(kind)) }
        if kind != .idle {
            try Program.wait("all are held") {
                try site.metrics(of: "backup").contains("flock_backup_waiting \(count)")
            }
        }
        return (before, try Memory(backup))
    }

    private func open(_ kind: Kind) throws -> Int32 {
        guard let socket = RawHTTP.connect(port: RoutingSite.backup) else {
            throw RawHTTP.Failure(what: "flock-backup refuses")
        }
        let app = kind == .idle ? "" : "X-Flock-App: \(RoutingSite.id(1))\r\n"
        let head = "Host: \(RoutingSite.host(1))\r\n\(app)"
        switch kind {
        case .idle:
            // Answered 404, since it names no app; the connection stays.
            try write("GET / HTTP/1.1\r\n\(head)\r\n", to: socket)
            var answer = [UInt8](repeating: 0, count: 4096)
            guard read(socket, &answer, answer.count) > 0 else { throw RawHTTP.Failure(what: "no answer") }
        case .get: try write("GET / HTTP/1.1\r\n\(head)\r\n", to: socket)
        case .post:
            try write("POST / HTTP/1.1\r\n\(head)Content-Length: \(body)\r\n\r\n", to: socket)
            // As much as is taken at once: flock-backup leaves the rest with the client.
            let bytes = [UInt8](repeating: 0x61, count: body)
            while send(socket, bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 {}
        }
        return socket
    }

    private func write(_ text: String, to socket: Int32) throws {
        guard send(socket, text, text.utf8.count, 0) == text.utf8.count else {
            throw RawHTTP.Failure(what: "flock-backup takes no request")
        }
    }
}

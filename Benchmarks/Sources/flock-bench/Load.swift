import Foundation

/// What wrk, with one thread on kept connections, got out of a server.
struct Load {
    var requests: Double
    /// A second.
    var rate: Double

    /// - Parameter areErrors: whether the answers are to be other than 2xx.
    static func run(
        port: Int, host: String, header: String? = nil, connections: Int = 16, seconds: Int = 2,
        areErrors: Bool = false
    ) throws -> Load {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/wrk")
        process.arguments =
            ["-t1", "-c\(connections)", "-d\(seconds)s", "-H", "Host: \(host)"] + (header.map { ["-H", $0] } ?? [])
            + ["http://127.0.0.1:\(port)/"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let requests = text.firstMatch(of: /([0-9]+) requests in/).flatMap({ Double($0.output.1) }),
            let rate = text.firstMatch(of: /Requests\/sec: +([0-9.]+)/).flatMap({ Double($0.output.1) }),
            text.contains("Non-2xx") == areErrors, !text.contains("Socket errors")
        else { throw RawHTTP.Failure(what: "wrk said: \(text)") }
        return Load(requests: requests, rate: rate)
    }

    /// A load that goes on until it is ended, for ten minutes at most.
    static func launch(port: Int, host: String) throws -> Process {
        try Program.launch(
            "/usr/bin/wrk", ["-t1", "-c8", "-d10m", "-H", "Host: \(host)", "http://127.0.0.1:\(port)/"],
            in: URL(fileURLWithPath: "/tmp"))
    }

    /// Microseconds of a process's time for each request.
    static func cost(to process: ProcessFigures, _ run: () throws -> Load) throws -> Double {
        let before = try process.processorTime()
        let load = try run()
        return (try process.processorTime() - before) / load.requests * 1_000_000
    }
}

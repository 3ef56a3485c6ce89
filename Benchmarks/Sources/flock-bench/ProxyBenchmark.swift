import Foundation

/// Requests a second through HAProxy to an awake app, over the same app asked directly.
struct ProxyBenchmark {
    let site: Site
    private let rounds = 5

    func run() throws {
        let port = try site.taskPort()
        var direct: [Double] = []
        var proxied: [Double] = []
        for _ in 0..<rounds {
            direct.append(try requestsPerSecond(port: port))
            proxied.append(try requestsPerSecond(port: site.web))
        }
        let (base, through) = (Statistics(direct), Statistics(proxied))
        print("proxy     direct to the app       median \(base.median.rounded(to: 0)) requests/s")
        print("          through HAProxy         median \(through.median.rounded(to: 0)) requests/s")
        print(
            "          ratio \((through.median / base.median).rounded(to: 2)) (\(rounds) rounds of 2 s, 16 connections, interleaved)"
        )
    }

    private func requestsPerSecond(port: Int) throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/wrk")
        process.arguments = ["-t1", "-c16", "-d2s", "-H", "Host: \(Site.host)", "http://127.0.0.1:\(port)/"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Requests/sec:") }),
            let rate = line.split(separator: " ").last.flatMap({ Double($0) }), !text.contains("Non-2xx")
        else { throw RawHTTP.Failure(what: "wrk said: \(text)") }
        return rate
    }
}

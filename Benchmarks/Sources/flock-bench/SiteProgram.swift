import Foundation

/// A program that is pushed to a ``Site``, as a folder with a package.json.
struct SiteProgram {
    var name: String
    var folder: URL
    /// What starts it without Flock; arguments that only a program on a socket of systemd's gets come after the first.
    var command: [String]
    var socketArguments: [String] = []

    var host: String { "\(name).flock.localhost" }
    var id: String { "/\(name)-1.0.0" }

    /// `examples/hello-node`.
    static func node(example: URL, in folder: URL) throws -> SiteProgram {
        let program = folder.appendingPathComponent("hello-node")
        try FileManager.default.copyItem(at: example, to: program)
        // Else the limit of the app is measured.
        let package = program.appendingPathComponent("package.json")
        let text = try String(contentsOf: package, encoding: .utf8)
        try text.replacingOccurrences(of: #""cpus": 0.1"#, with: #""cpus": 2"#)
            .write(to: package, atomically: true, encoding: .utf8)
        return SiteProgram(
            name: "hello-node", folder: program, command: ["/usr/bin/env", "node", "server.js"],
            socketArguments: ["-r", StaticServer.programs.appendingPathComponent("socket-activated.cjs").path])
    }

    /// `Programs/server.c`.
    static func tiny(in folder: URL) throws -> SiteProgram {
        let program = folder.appendingPathComponent("tiny")
        try FileManager.default.createDirectory(at: program, withIntermediateDirectories: true)
        let server = try StaticServer(in: program)
        let package = #"""
            {"name": "tiny", "version": "1.0.0", "flock": {"cmd": "exec ./server", "cpus": 2, "mem": 32},
             "checks": [{"path": "/"}]}
            """#
        try package.write(to: program.appendingPathComponent("package.json"), atomically: true, encoding: .utf8)
        return SiteProgram(name: "tiny", folder: program, command: [server.program])
    }

    // MARK: Without Flock

    private func environment(port: Int) -> [String: String] {
        ["PATH": "/usr/local/bin:/usr/bin:/bin", "PORT": "\(port)", "HOST": "127.0.0.1", "NODE_ENV": "production"]
    }

    /// Milliseconds from its start to the first byte that it answers.
    func startBare(port: Int) throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let process = try Program.launch(
            command[0], Array(command.dropFirst()), in: folder, environment: environment(port: port))
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let spawned = (clock.now - start) / .milliseconds(1)
        return spawned + (try RawHTTP.timeToFirstByte(port: port, path: "/", host: "localhost"))
    }

    /// Milliseconds from a request to the first byte, where `systemd-socket-activate` listens and starts it.
    func startBySocket(port: Int) throws -> Double {
        // env has found the program already.
        let words = command[0] == "/usr/bin/env" ? ["/usr/bin/\(command[1])"] + command.dropFirst(2) : command
        let variables = environment(port: port).map { "--setenv=\($0.key)=\($0.value)" }
        let process = try Program.launch(
            "/usr/bin/systemd-socket-activate",
            ["--listen=127.0.0.1:\(port)"] + variables + [words[0]] + socketArguments + words.dropFirst(), in: folder)
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        // A connection would start it.
        let local = "0100007F:" + Self.hexadecimal(port)
        try Program.wait("systemd-socket-activate") {
            guard process.isRunning else {
                throw RawHTTP.Failure(what: "systemd-socket-activate has ended: port \(port) may be taken")
            }
            return try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).contains("\(local) 00000000:0000 0A")
        }
        return try RawHTTP.timeToFirstByte(port: port, path: "/", host: "localhost")
    }

    private static func hexadecimal(_ port: Int) -> String {
        let digits = String(port, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}

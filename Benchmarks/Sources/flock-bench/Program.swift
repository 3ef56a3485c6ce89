import Foundation

/// Programs that a benchmark starts, and waiting for what they do.
enum Program {
    /// - Parameter output: where it writes; nowhere without.
    static func launch(
        _ program: String, _ arguments: [String], in folder: URL, environment: [String: String]? = nil,
        output: FileHandle? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        if let environment { process.environment = environment }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output ?? FileHandle.nullDevice
        process.standardError = output ?? FileHandle.nullDevice
        try process.run()
        return process
    }

    static func run(_ program: String, _ arguments: [String], in folder: URL) throws {
        let process = try launch(program, arguments, in: folder)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw RawHTTP.Failure(what: "\(program) \(arguments) failed") }
    }

    /// What a program prints.
    static func output(_ program: String, _ arguments: [String], in folder: URL) throws -> String {
        let pipe = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw RawHTTP.Failure(what: "\(program) \(arguments) failed") }
        return text
    }

    /// Milliseconds that a line of sh takes, by the shell's own reading of the clock: Foundation sees the end of a process
    /// up to 100 ms later.
    static func time(shell line: String, in folder: URL) throws -> Double {
        let text = try output("/bin/sh", ["-ec", "date +%s%N; \(line) >&2; date +%s%N"], in: folder)
        let times = text.split(separator: "\n").compactMap { Double($0) }
        guard times.count == 2 else { throw RawHTTP.Failure(what: "\(line): \(text)") }
        return (times[1] - times[0]) / 1e6
    }

    /// Looks each two milliseconds.
    /// - Parameter seconds: after which it has failed.
    static func wait(_ what: String, within seconds: Int = 30, _ condition: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while try !condition() {
            guard ContinuousClock.now < deadline else {
                throw RawHTTP.Failure(what: "\(what): not within \(seconds) s")
            }
            usleep(2_000)
        }
    }

    /// Milliseconds that the work takes.
    static func time(_ work: () throws -> Void) rethrows -> Double {
        try ContinuousClock().measure(work) / .milliseconds(1)
    }
}

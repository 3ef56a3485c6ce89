import FlockCore
public import Foundation

/// One of the project's own executables, running.
public final class Binary: Sendable {
    private let process: Process
    public let name: String
    public let log: String

    public var pid: Int32 { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }

    private init(_ process: Process, name: String, log: String) {
        self.process = process
        self.name = name
        self.log = log
    }

    /// The folder that holds the executables: the tests' own.
    public static let folder: URL = {
        let link =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? link)
            .deletingLastPathComponent()
        while folder.path.count > 1
            && !FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("flock-engine").path)
        {
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    public static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    /// - Parameters:
    ///   - environment: besides the tests' own.
    ///   - before: a line of sh, such as a ulimit.
    ///   - log: a file that takes what it prints.
    public static func start(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], before: String? = nil, log: String
    ) throws -> Binary {
        if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(fileURLWithPath: log)) }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try output.seekToEnd()
        let process = Process()
        if let before {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "\(before); exec \"$0\" \"$@\"", path(name)] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: path(name))
            process.arguments = arguments
        }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, own in own }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.start()
        return Binary(process, name: name, log: log)
    }

    /// Whether SIGSTOP holds it.
    public var isStopped: Bool { ProcessStat(pid: pid)?.state == "T" }

    public func signal(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    public func waitUntilExit() async throws {
        try await eventually("\(name) ends") { !process.isRunning }
    }

    /// Tells them to end and waits until they have. One that a fault stops, now or later, is let go on; one that is not
    /// gone after 30 seconds is killed.
    /// - Throws: when one had to be killed.
    static func end(_ binaries: some Collection<Binary>, by signal: Int32 = SIGTERM) async throws {
        for binary in binaries { binary.signal(signal) }
        var failure: (any Error)?
        for binary in binaries {
            do {
                try await eventually("\(binary.name) ends", within: .seconds(30)) {
                    binary.signal(SIGCONT)
                    return !binary.isRunning
                }
            } catch {
                failure = failure ?? error
                binary.signal(SIGKILL)
            }
        }
        if let failure { throw failure }
    }

    /// Waits for its end.
    /// - Returns: exit status, or the signal as a negative number.
    public func status() async throws -> Int32 {
        try await waitUntilExit()
        return process.terminationReason == .uncaughtSignal ? -process.terminationStatus : process.terminationStatus
    }

    public var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
}

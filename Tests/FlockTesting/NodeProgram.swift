import Foundation

/// A program that Node runs from its command line.
public enum NodeProgram {
    /// Starts the program, waits until it listens, hands over to the test, and ends it, however the test ends.
    /// - Parameter ports: on loopback; `process.argv` has them from 1 on.
    public static func run(_ program: String, ports: [Int], _ test: () async throws -> Void) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["node", "-e", program] + ports.map(String.init)
        process.standardInput = FileHandle.nullDevice
        try process.start()
        var failure: (any Error)?
        do {
            for port in ports {
                try await eventually("the program listens on \(port)") { await accepts(port) }
            }
            try await test()
        } catch {
            failure = error
        }
        try await tidyUp(after: failure) {
            // It keeps nothing.
            kill(process.processIdentifier, SIGKILL)
            try await eventually("the program ends") { !process.isRunning }
        }
    }
}

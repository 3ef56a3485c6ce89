import Foundation
import NIOCore
import NIOPosix

/// A program that Node runs from its command line.
public enum NodeProgram {
    /// Starts the program, waits until it listens, hands over to the test, and ends it, however the test ends.
    /// - Parameter ports: on loopback; `process.argv` has them from 1 on.
    public static func run(_ program: String, ports: [Int], _ test: () async throws -> Void) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["node", "-e", program] + ports.map(String.init)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let result: Result<Void, any Error>
        do {
            for port in ports {
                try await eventually("the program listens on \(port)") { await accepts(port) }
            }
            result = .success(try await test())
        } catch {
            result = .failure(error)
        }
        process.terminate()
        try await eventually("the program ends") { !process.isRunning }
        try result.get()
    }

    private static func accepts(_ port: Int) async -> Bool {
        let channel = try? await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port).get()
        try? await channel?.close()
        return channel != nil
    }
}

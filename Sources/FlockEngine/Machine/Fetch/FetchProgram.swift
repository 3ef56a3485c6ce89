import Foundation
import Subprocess

/// A program of the system that works on fetched files, with a deadline and a small environment.
enum FetchProgram {
    /// - Returns: what it printed.
    /// - Throws: ``EngineError`` with code `artifact`.
    @discardableResult
    static func run(_ program: String, _ arguments: [String], deadline: Duration) async throws -> String {
        let seconds = max(1, deadline.components.seconds)
        var options = PlatformOptions()
        // timeout(1) hands SIGTERM on. It also keeps the deadline when the engine is gone.
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(1))]
        let result = try await Subprocess.run(
            .name("timeout"), arguments: Arguments(["--kill-after=5", "\(seconds)", program] + arguments),
            environment: .custom(["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]), platformOptions: options,
            output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
        switch result.terminationStatus {
        case .exited(0): return result.standardOutput
        case .exited(124): throw EngineError(code: .artifact, message: "took longer than \(deadline) to unpack")
        case .exited(127): throw EngineError(code: .artifact, message: "cannot be unpacked: \(program) is missing")
        default:
            let why = result.standardError.prefix(500).trimmingCharacters(in: .whitespacesAndNewlines)
            throw EngineError(code: .artifact, message: "cannot be unpacked: \(why)")
        }
    }
}

import FlockTesting
import Foundation
import Testing

@Suite struct OpenFilesTests {
    @Test("flock-backup takes all files that it may have, and says when they are too few for what it may hold")
    func raised() async throws {
        let folder = try TemporaryFolder()
        let ports = try await freePorts(2)
        try """
        state: \(folder.path)/state
        marathon: ["http://127.0.0.1:\(ports[0])"]
        backup: {listen: "127.0.0.1:\(ports[1])"}

        """.write(toFile: "\(folder.path)/flock.yaml", atomically: true, encoding: .utf8)
        let binary = try Binary.start(
            "flock-backup", ["--config", "\(folder.path)/flock.yaml"], before: "ulimit -Sn 300; ulimit -Hn 700",
            log: "\(folder.path)/log")
        defer { binary.signal(SIGKILL) }
        try await eventually("it says so", or: binary.output) { binary.output.contains("LimitNOFILE") }
        let limits = try String(contentsOfFile: "/proc/\(binary.pid)/limits", encoding: .utf8)
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
        #expect(line?.split(separator: " ").dropFirst(3).first == "700")
        binary.signal(SIGTERM)
        #expect(try await binary.status() == 0)
    }
}

import FlockCore
import Foundation
import Logging
import ServiceLifecycle
import Testing

@testable import FlockDaemon

@Suite struct SettingsReloaderTests {
    @Test(.timeLimit(.minutes(1)))
    func `a changed file is taken, a broken one refused, a mended one taken`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/flock.yaml"
            func write(_ text: String) throws {
                let before = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                // Another time than before, however coarse the file system's clock.
                let date = max(Date(), (before ?? .distantPast) + 2)
                try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
            }
            try write("scaler: {max: 3}")
            let file = try SettingsFile(path: path, environment: [:])
            let settings = LiveSettings(try file.load())
            let log = LogLines()
            let logger = Logger(label: "test") { _ in log }
            let work = Task { try await SettingsReloader(file: file, settings: settings, logger: logger).run() }
            defer { work.cancel() }
            // The first look is the reloader's; a change after it is seen.
            #expect(
                try await eventually {
                    try write("scaler: {max: 4}")
                    return await eventually(within: .seconds(2)) { settings.current.scaler.max == 4 }
                })
            try write("scaler: {max: none}")
            #expect(await eventually { log.text.contains("settings refused, the old ones stay") })
            #expect(settings.current.scaler.max == 4)
            try write("scaler: {max: 5}")
            #expect(await eventually { settings.current.scaler.max == 5 })
        }
    }
}

/// Keeps what is logged.
private final class LogLines: LogHandler, @unchecked Sendable {
    // Safe: every access is under the lock.
    private let lock = NSLock()
    private var lines = ""
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    var text: String { lock.withLock { lines } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        lock.withLock { lines += "\(event.message)\n" }
    }
}

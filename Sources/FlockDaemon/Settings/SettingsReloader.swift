public import FlockCore
import Foundation
public import Logging
public import ServiceLifecycle
import UnixSignals

/// Keeps ``LiveSettings`` true to the file: on SIGHUP, and when the file changes. A file with an error is refused
/// and said so; the settings in force stay.
public struct SettingsReloader: Service {
    private let file: SettingsFile
    private let settings: LiveSettings
    private let logger: Logger

    public init(file: SettingsFile, settings: LiveSettings, logger: Logger) {
        self.file = file
        self.settings = settings
        self.logger = logger
    }

    public func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in signals.cancelOnGracefulShutdown() { reload() }
                }
                group.addTask {
                    var last = stamp()
                    while !Task.isShuttingDownGracefully && !Task.isCancelled {
                        // A person who saves a file expects it to hold at once.
                        try? await Task.sleep(for: .seconds(1))
                        let now = stamp()
                        if now != last { reload() }
                        last = now
                    }
                }
            }
        } onGracefulShutdown: {
        }
    }

    private func reload() {
        do {
            let new = try file.load()
            guard new != settings.current else { return }
            settings.replace(with: new)
            logger.info("settings reloaded", metadata: ["file": "\(file.path ?? "-")"])
        } catch {
            logger.error("settings refused, the old ones stay: \(error)")
        }
    }

    private func stamp() -> Date? {
        guard let path = file.path else { return nil }
        return try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }
}

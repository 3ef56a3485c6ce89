import Dispatch
import FlockCore
import Foundation
import Logging

/// Takes HAProxy's lines, one a request, from where HAProxy writes them to where the settings want them.
actor RequestFeed {
    private let settings: LiveSettings
    private let logger: Logger
    private var spool: RequestSpool
    private var trouble: String?
    /// Standard output may be a pipe that nobody empties.
    private let queue = DispatchQueue(label: "flock.requests")

    init(settings: LiveSettings, paths: HAProxyPaths, logger: Logger) {
        self.settings = settings
        self.logger = logger
        spool = RequestSpool(path: paths.requests, mark: paths.requestsMark)
    }

    func run() async {
        while !Task.isCancelled {
            await follow()
            try? await Task.sleep(for: .milliseconds(250))
        }
    }

    /// Takes all that is there. What cannot be written stays where it is.
    func follow() async {
        do {
            while try await step() {}
            trouble = nil
        } catch {
            if trouble != "\(error)" { logger.error("the requests' log cannot be written, it waits: \(error)") }
            trouble = "\(error)"
        }
    }

    /// - Returns: whether there may be more.
    private func step() async throws -> Bool {
        let target = settings.current.http.log
        guard target != .none else { return false }
        let spool = spool
        let moved: RequestSpool? = try await withCheckedThrowingContinuation { done in
            queue.async { done.resume(with: Result { try Self.move(from: spool, to: target) }) }
        }
        guard var moved else { return false }
        try await moved.free()
        self.spool = moved
        return true
    }

    /// - Returns: the spool afterwards, `nil` when there was nothing.
    private static func move(from spool: RequestSpool, to target: Settings.RequestLog) throws -> RequestSpool? {
        var spool = spool
        guard let data = try spool.next() else { return nil }
        let lines = requests(in: data)
        switch target {
        case .none: break
        case .stdout: try FileHandle.standardOutput.write(contentsOf: lines)
        case .file(let path): try RequestLogFile(path: path).append(lines)
        }
        try spool.advance(past: data)
        return spool
    }

    /// Without what HAProxy says of itself and of handshakes that failed.
    private static func requests(in data: Data) -> Data {
        let newline = UInt8(ascii: "\n")
        return data.split(separator: newline).filter { $0.first == UInt8(ascii: "{") }
            .reduce(into: Data(capacity: data.count)) { lines, line in
                lines.append(line)
                lines.append(newline)
            }
    }
}

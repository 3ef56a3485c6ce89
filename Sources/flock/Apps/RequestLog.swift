import FlockCore
import FlockDaemon
import Foundation

/// Shows the file that flock-haproxy writes a line to for each request.
struct RequestLog {
    /// A name or an id; `nil` for all apps.
    var app: String?
    /// As the lines are, rather than for people.
    var isJSON: Bool

    /// - Throws: when there is no such file.
    func show(_ target: Settings.RequestLog, last count: Int, follow: Bool) async throws {
        guard case .file(let path) = target else {
            throw DaemonError(
                .noRequests, "requests are not logged to a file", hint: "Set http.log to file, or look at its output.")
        }
        guard FileManager.default.fileExists(atPath: path) else {
            throw DaemonError(
                .noRequests, "\(path): is not there", hint: "No request has come yet, or Flock is not up.")
        }
        var rest = try read(path, from: 0)
        var offset = UInt64(rest.count)
        write(lines(&rest).suffix(count))
        while follow {
            try await Task.sleep(for: .milliseconds(250))
            let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.uint64Value ?? 0
            // A shorter file is the next one.
            if size < offset { (offset, rest) = (0, Data()) }
            let more = (try? read(path, from: offset)) ?? Data()
            offset += UInt64(more.count)
            rest.append(more)
            write(lines(&rest)[...])
        }
    }

    private func read(_ path: String, from offset: UInt64) throws -> Data {
        guard let file = FileHandle(forReadingAtPath: path) else { return Data() }
        defer { try? file.close() }
        try file.seek(toOffset: offset)
        return try file.readToEnd() ?? Data()
    }

    /// Takes the whole lines that are wanted, and leaves the beginning of the next.
    private func lines(_ data: inout Data) -> [String] {
        guard let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        defer { data = Data(data[(end + 1)...]) }
        return data[..<end].split(separator: UInt8(ascii: "\n")).compactMap { bytes in
            guard let line = try? JSONDecoder().decode(RequestLine.self, from: bytes), app.map(line.isOf) ?? true else {
                return nil
            }
            return isJSON ? String(decoding: bytes, as: UTF8.self) : line.row
        }
    }

    private func write(_ lines: ArraySlice<String>) {
        if !lines.isEmpty { Output.write(lines.joined(separator: "\n") + "\n") }
    }
}

extension DaemonError.Code {
    /// There is no file of requests that could be shown.
    fileprivate static let noRequests = Self(rawValue: "no_requests")
}

import FlockCore
import Foundation

/// Reads a trace: requests per minute (`period,count`), an access log in the common or combined format, or lines of
/// `time,app`. Which it is, the first line tells.
struct TraceReader {
    private enum Format {
        case perMinute, accessLog, perRequest
    }

    /// A larger file is surely no trace.
    private static let mostBytes = 4 << 30
    /// Ten years.
    private static let longest = 3.2e8
    private static let formats =
        "Traces are CSV of \"period,count\" for each minute, access logs (common or combined), or lines of \"time,app\"."

    private let name: String
    private let from: Double
    private let to: Double
    private let filter: IgnoreFilter

    /// - Parameters:
    ///   - name: of the file, for errors.
    ///   - from: where the replay begins, seconds since 1970 or of the trace's own count; `nil` for its beginning.
    ///   - to: where it ends, exclusive.
    ///   - ignore: what neither wakes an app nor keeps it awake; only access logs tell.
    init(name: String, from: Double? = nil, to: Double? = nil, ignore: Settings.Ignore = Settings.Ignore()) {
        self.name = name
        self.from = from ?? -.infinity
        self.to = to ?? .infinity
        filter = IgnoreFilter(ignore)
    }

    static func traces(in file: String, from: Double?, to: Double?, ignore: Settings.Ignore) throws(TraceError)
        -> [Trace]
    {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
        } catch {
            throw TraceError(
                .unreadable, "\(file): cannot be read: \(error.localizedDescription)",
                hint: "Give the path of a trace to --trace.")
        }
        guard data.count <= mostBytes else {
            throw TraceError(.unreadable, "\(file): has more than 4 GiB", hint: "Cut out the days you need.")
        }
        return try TraceReader(name: file, from: from, to: to, ignore: ignore).read([UInt8](data))
    }

    /// - Returns: one trace for each app, all over the same time.
    func read(_ bytes: [UInt8]) throws(TraceError) -> [Trace] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        var first = 1
        while let line = lines.first, line.allSatisfy({ $0 <= 0x20 }) {
            lines.removeFirst()
            first += 1
        }
        guard let head = lines.first else {
            throw TraceError(.empty, "\(name): is empty", hint: Self.formats)
        }
        switch try format(of: head) {
        case .perMinute: return [try perMinute(lines, first)]
        // A log knows the second only.
        case .accessLog: return try each(lines, first, resolution: 1, Self.logLine)
        case .perRequest: return try each(lines, first, resolution: 0, Self.requestLine)
        }
    }

    private func format(of line: ArraySlice<UInt8>) throws(TraceError) -> Format {
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let cells = text.split(separator: ",", omittingEmptySubsequences: false)
        if cells.count == 2, text.hasPrefix("period,") { return .perMinute }
        if cells.count == 2, text == "time,app" || TraceTime.seconds(cells[0]) != nil {
            // A count is of a minute that is written out; seconds are of a request.
            return Double(cells[0]) == nil && Double(cells[1]) != nil ? .perMinute : .perRequest
        }
        if text.contains("["), text.contains("\"") { return .accessLog }
        throw TraceError(.unknownFormat, "\(name): the first line is of no known format", hint: Self.formats)
    }

    private func bad(_ number: Int, _ why: String) -> TraceError {
        TraceError(.badLine, "\(name):\(number): \(why)", hint: "Mend or remove the line.")
    }

    private static func cells(_ line: ArraySlice<UInt8>) -> [Substring] {
        String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)[...]
            .split(separator: ",", omittingEmptySubsequences: false)
    }

    // MARK: Per minute

    private func perMinute(_ lines: ArraySlice<ArraySlice<UInt8>>, _ first: Int) throws(TraceError) -> Trace {
        var counts: [Double] = []
        var begin: Double?
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
            let cells = Self.cells(line)
            if index == 0, cells.first == "period" { continue }
            guard cells.count == 2, let at = TraceTime.seconds(cells[0]), let count = Double(cells[1]),
                count >= 0, count <= 1e9
            else { throw bad(first + index, "is not a minute and its count, such as \"1998-06-10 12:00:00,5000\"") }
            // One more than asked for: the rate goes from each minute's to the next one's.
            guard at >= from, at < to || (begin != nil && at - 60 < to) else { continue }
            let minute = ((at - (begin ?? at)) / 60).rounded()
            begin = begin ?? at
            guard minute >= Double(counts.count), minute < 5_300_000 else {
                throw bad(first + index, "is of an earlier minute than the line before, or years later")
            }
            // A minute without a line had no request.
            counts += repeatElement(0, count: Int(minute) - counts.count)
            counts.append(count)
        }
        guard let begin, let last = counts.last else { throw nothing() }
        let minutes = min(Double(counts.count), ((to - begin) / 60).rounded(.up))
        if Double(counts.count) <= minutes { counts.append(last) }
        return Trace(
            app: "", arrivals: .perMinute(counts), duration: min(minutes * 60, to - begin),
            start: Date(timeIntervalSince1970: begin))
    }

    private func nothing() -> TraceError {
        TraceError(.empty, "\(name): has no request in this time", hint: "Look at --from and --to.")
    }

    // MARK: Per request

    private struct Line {
        var at: Double
        var app = ""
        var path = ""
        var userAgent = ""
    }

    private func each(
        _ lines: ArraySlice<ArraySlice<UInt8>>, _ first: Int, resolution: Double,
        _ read: (ArraySlice<UInt8>) -> Line?
    ) throws(TraceError) -> [Trace] {
        var apps: [String: [Trace.Request]] = [:]
        var (begin, end) = (Double.infinity, -Double.infinity)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= 0x20 }) {
            if index == 0, line.starts(with: Array("time,".utf8)) { continue }
            guard let request = read(line) else {
                throw bad(first + index, "is neither a line of an access log nor \"time,app\"")
            }
            guard request.at >= from, request.at < to else { continue }
            begin = min(begin, request.at)
            end = max(end, request.at)
            let isIgnored =
                !request.path.isEmpty && filter.ignores(path: request.path, userAgent: request.userAgent)
            apps[request.app, default: []].append(Trace.Request(at: request.at, isIgnored: isIgnored))
        }
        guard begin.isFinite else { throw nothing() }
        if from.isFinite { begin = from }
        let duration = (to.isFinite ? to : end + 1) - begin
        guard duration <= Self.longest else {
            throw TraceError(
                .badTime, "\(name): is of more than ten years", hint: "Mend the times, or use --from and --to.")
        }
        var traces: [Trace] = []
        for (app, requests) in apps.sorted(by: { $0.key < $1.key }) {
            let moved = requests.map { Trace.Request(at: $0.at - begin, isIgnored: $0.isIgnored) }
                .sorted { $0.at < $1.at }
            traces.append(
                Trace(
                    app: app, arrivals: .each(moved, resolution: resolution), duration: duration,
                    start: Date(timeIntervalSince1970: begin)))
        }
        return traces
    }

    private static func requestLine(_ line: ArraySlice<UInt8>) -> Line? {
        let cells = cells(line)
        guard cells.count == 2, let at = TraceTime.seconds(cells[0]) else { return nil }
        return Line(at: at, app: String(cells[1]))
    }

    /// `HOST IDENT USER [TIME] "METHOD PATH PROTOCOL" STATUS BYTES` and, combined, `"REFERRER" "USER AGENT"`.
    private static func logLine(_ line: ArraySlice<UInt8>) -> Line? {
        guard let open = line.firstIndex(of: UInt8(ascii: "[")),
            let close = line[open...].firstIndex(of: UInt8(ascii: "]")),
            let at = TraceTime.ofLog(line[(open + 1)..<close])
        else { return nil }
        let quoted = String(decoding: line[close...], as: UTF8.self)
            .split(separator: "\"", omittingEmptySubsequences: false)
        let words = quoted.count > 1 ? quoted[1].split(separator: " ") : []
        return Line(
            at: at, path: words.count > 1 ? String(words[1]) : "/",
            userAgent: quoted.count > 5 ? String(quoted[5]) : "")
    }
}

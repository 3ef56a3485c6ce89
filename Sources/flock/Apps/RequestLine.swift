import Foundation

/// A line of the requests' log, as far as it is shown to people.
struct RequestLine: Decodable {
    struct Timings: Decodable { var total: Int }

    var time: Double
    var client, host, method, path, app, version: String
    var status, bytes: Int
    var ms: Timings
    var woke: Int?

    /// Whether it belongs to the app of this name, whatever its version, or of this id.
    func isOf(_ name: String) -> Bool {
        [name, "/\(name)", "/\(name)-\(version)"].contains(app)
            || app.hasPrefix("/preview/") && app.hasSuffix("/\(name)")
    }

    /// One row. What came from outside cannot steer a terminal.
    var row: String {
        let moment = Date(timeIntervalSince1970: time).formatted(.iso8601.timeZone(separator: .omitted))
        let place = (host + path).map { $0.isASCII && ($0.asciiValue ?? 0) >= 32 && $0 != "\u{7F}" ? $0 : "?" }
        let wait = woke.map { ", woke in \($0) ms" } ?? ""
        return "\(moment)  \(status)  \(method)  \(String(place))  \(bytes) B  \(ms.total) ms\(wait)  \(client)"
    }
}

/// A request that two servers in a row could read differently, or that says what only HAProxy may say.
struct HostileRequest: Sendable {
    var name: String
    var bytes: [UInt8]
    /// Of HAProxy's answer; 0 for a connection that is closed without one of HTTP/1.1.
    var statuses: Set<Int>

    /// - Parameters:
    ///   - line: the request line; `CASE` in it becomes a path that is known again.
    ///   - headers: after it, with what ends each.
    private init(
        _ name: String, _ statuses: Set<Int>, line: String = "GET CASE HTTP/1.1", host: String? = "one.flock.test",
        _ headers: [String] = [], body: String = ""
    ) {
        self.name = name
        self.statuses = statuses
        let lines =
            [line.replacing("CASE", with: Self.path)] + (host.map { ["Host: \($0)"] } ?? []) + headers
            + ["Connection: close"]
        bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    private init(_ name: String, _ statuses: Set<Int>, raw: String) {
        self.name = name
        self.statuses = statuses
        bytes = Array(raw.utf8)
    }

    /// The same with the header by which HAProxy tells flock-backup the app.
    func naming(_ app: String) -> HostileRequest {
        var named = self
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
        named.bytes.insert(contentsOf: Array("X-Flock-App: \(app)\r\n".utf8), at: end)
        return named
    }

    static let path = "/case"
    /// The path of a request that hides in another one.
    static let smuggled = "/smuggled"
    private static let hidden = "GET \(smuggled) HTTP/1.1\r\nHost: two.flock.test\r\n\r\n"
    private static let post = "POST CASE HTTP/1.1"

    static let all: [HostileRequest] = hosts + lengths + chunks + names + lines

    private static let hosts: [HostileRequest] = [
        .init("two equal Hosts", [200, 400], ["Host: one.flock.test"]),
        .init("two Hosts", [400], ["Host: two.flock.test"]),
        .init("a Host in a later line, folded", [200, 400], ["X-A: 1\r\n Host: two.flock.test"]),
        .init("a list of Hosts", [400, 404], host: "one.flock.test, two.flock.test"),
        .init("no Host", [400, 404], host: nil),
        .init("an empty Host", [400, 404], host: ""),
        .init("no Host in HTTP/1.0", [404], line: "GET CASE HTTP/1.0", host: nil),
        .init("a port", [200], host: "one.flock.test:8000"),
        .init("two ports", [200, 400, 404], host: "one.flock.test:80:two.flock.test"),
        .init("a trailing dot", [200], host: "one.flock.test."),
        .init("a trailing dot and a port", [200], host: "one.flock.test.:80"),
        .init("capitals", [200], host: "ONE.Flock.TEST"),
        .init("white space around", [200], host: "  one.flock.test \t"),
        .init("white space inside", [400, 404], host: "one.flock.test two.flock.test"),
        .init("a name and a password", [400, 404], host: "two.flock.test@one.flock.test"),
        .init("a b@c", [400, 404], host: "a b@c"),
        .init("a path", [400, 404], host: "one.flock.test/../two.flock.test"),
        .init("a fragment", [400, 404], host: "one.flock.test#two.flock.test"),
        .init("a semicolon", [400, 404], host: "one.flock.test;two.flock.test"),
        .init("quotes", [400, 404], host: #""one.flock.test""#),
        .init("a backslash", [400, 404], host: #"one.flock.test\"#),
        .init("unicode", [400, 404], host: "öne.flock.test"),
        .init("IPv6", [400, 404], host: "[::1]:80"),
        .init("only dots", [400, 404], host: "..."),
        .init("NUL in Host", [400], host: "one.flock.test\0two.flock.test"),
        .init("CR in Host", [400], host: "one.flock.test\rtwo.flock.test"),
        .init("a Host of 64 kB", [400, 431], host: String(repeating: "a", count: 65_536)),
        .init(
            "a Host of 64 kB that begins well", [400, 431],
            host: "one.flock.test:" + String(repeating: "1", count: 65_536)),
    ]

    private static let lengths: [HostileRequest] = [
        .init("two lengths", [400], line: post, ["Content-Length: 5", "Content-Length: 6"], body: "hello!"),
        .init("a list of lengths", [400], line: post, ["Content-Length: 5, 6"], body: "hello!"),
        .init("two equal lengths", [200, 400], line: post, ["Content-Length: 5", "Content-Length: 5"], body: "hello"),
        .init("a signed length", [400], line: post, ["Content-Length: +5"], body: "hello"),
        .init("a negative length", [400], line: post, ["Content-Length: -1"], body: "hello"),
        .init("a hexadecimal length", [400], line: post, ["Content-Length: 0x5"], body: "hello"),
        .init("a length with a space in it", [400], line: post, ["Content-Length: 5 0"], body: "hello"),
        .init("an empty length", [200, 400], line: post, ["Content-Length: "], body: ""),
        .init("too large a length", [400], line: post, ["Content-Length: 99999999999999999999"], body: "hello"),
        .init("a length with a space before the colon", [400], line: post, ["Content-Length : 0"], body: hidden),
        .init(
            "Content_Length", [200, 400], line: post, ["Content_Length: 5", "Content-Length: \(hidden.utf8.count)"],
            body: hidden),
        .init("a request as the body of a GET", [200], ["Content-Length: \(hidden.utf8.count)"], body: hidden),
        .init("a request behind one", [200], body: hidden),
        .init("a request behind a length of 0", [200], line: post, ["Content-Length: 0"], body: hidden),
    ]

    private static let chunks: [HostileRequest] = [
        .init(
            "length and chunks", [200, 400], line: post, ["Content-Length: 5", "Transfer-Encoding: chunked"],
            body: "0\r\n\r\n" + hidden),
        .init(
            "chunks and length", [200, 400], line: post,
            ["Transfer-Encoding: chunked", "Content-Length: \(5 + hidden.utf8.count)"], body: "0\r\n\r\n" + hidden),
        .init(
            "chunked, twice", [200, 400, 501], line: post,
            ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], body: "0\r\n\r\n" + hidden),
        .init(
            "chunked and another", [200, 400, 501], line: post,
            ["Transfer-Encoding: chunked, cow", "Content-Length: 5"], body: "0\r\n\r\n" + hidden),
        .init(
            "another and chunked", [400, 422, 501], line: post,
            ["Transfer-Encoding: cow, chunked", "Content-Length: 5"], body: "0\r\n\r\n" + hidden),
        .init(
            "xchunked", [400, 501], line: post, ["Transfer-Encoding: xchunked", "Content-Length: 5"],
            body: "0\r\n\r\n" + hidden),
        .init(
            "a space before the colon", [400], line: post, ["Transfer-Encoding : chunked", "Content-Length: 5"],
            body: "0\r\n\r\n" + hidden),
        .init(
            "a tab before the value", [200, 400], line: post, ["Transfer-Encoding:\tchunked", "Content-Length: 5"],
            body: "0\r\n\r\n" + hidden),
        .init(
            "a vertical tab before the value", [400, 501], line: post,
            ["Transfer-Encoding: \u{b}chunked", "Content-Length: 5"], body: "0\r\n\r\n" + hidden),
        .init(
            "a folded encoding", [200, 400, 501], line: post, ["Transfer-Encoding:\r\n chunked", "Content-Length: 5"],
            body: "0\r\n\r\n" + hidden),
        .init(
            "an encoding in a folded line", [200, 400], line: post,
            ["X-A: 1\r\n Transfer-Encoding: chunked", "Content-Length: \(hidden.utf8.count)"], body: hidden),
        .init(
            "quotes", [400, 501], line: post, ["Transfer-Encoding: \"chunked\"", "Content-Length: 5"],
            body: "0\r\n\r\n" + hidden),
        .init(
            "Transfer_Encoding", [200, 400], line: post,
            ["Transfer_Encoding: chunked", "Content-Length: \(hidden.utf8.count)"], body: hidden),
        .init(
            "chunks in HTTP/1.0", [200, 400], line: "POST CASE HTTP/1.0",
            ["Transfer-Encoding: chunked", "Content-Length: 5"], body: "0\r\n\r\n" + hidden),
        .init(
            "a hexadecimal chunk size", [400], line: post, ["Transfer-Encoding: chunked"],
            body: "0x5\r\nhello\r\n0\r\n\r\n"),
        .init(
            "a negative chunk size", [400], line: post, ["Transfer-Encoding: chunked"], body: "-5\r\nhello\r\n0\r\n\r\n"
        ),
        .init(
            "too large a chunk size", [400], line: post, ["Transfer-Encoding: chunked"],
            body: "fffffffffffffffff1\r\nhello\r\n0\r\n\r\n"),
        .init(
            "a chunk that is longer than it says", [400], line: post, ["Transfer-Encoding: chunked"],
            body: "3\r\nhello\r\n0\r\n\r\n"),
        .init(
            "chunks with lone line feeds", [200, 400], line: post, ["Transfer-Encoding: chunked"],
            body: "5\nhello\n0\n\n"),
        .init(
            "an extension with a line feed", [200, 400], line: post, ["Transfer-Encoding: chunked"],
            body: "5;a=\"\n0\r\n\r\n" + hidden),
        .init(
            "a name in the trailers", [200, 400], line: post, ["Transfer-Encoding: chunked"],
            body: "5\r\nhello\r\n0\r\nX-Flock-App: /two-1.0.0\r\nContent-Length: 9\r\n\r\n"),
    ]

    private static let names: [HostileRequest] = [
        .init("x_flock_app", [200, 400], ["x_flock_app: /two-1.0.0"]),
        .init("X-Flock-Ignored", [200], ["X-Flock-Ignored: 1", "X-FLOCK-IGNORED: yes", "x-flock-ignored: yes"]),
        .init(
            "X-Forwarded", [200],
            [
                "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: two.flock.test", "X-Forwarded-Proto: https",
                "X-Forwarded-Port: 1", "x_forwarded_for: 6.6.6.6", "x.forwarded.for: 6.6.6.6",
            ]),
        .init("Forwarded", [200], ["Forwarded: for=6.6.6.6;host=two.flock.test", "FORWARDED: for=6.6.6.6"]),
        .init("Connection names what HAProxy sets", [200], ["Connection: X-Flock-App, X-Forwarded-For, Host"]),
        .init("a name with a space", [400], ["X-Flock-App X: /two-1.0.0"]),
        .init("a name with a space before the colon", [400], ["X-Flock-Ignored : yes"]),
        .init("an empty name", [400], [": /two-1.0.0"]),
        .init("a name with NUL", [400], ["X-Flock-App\0: /two-1.0.0"]),
        .init("a value with NUL", [400], ["X-A: a\0b"]),
        .init("a value with CR", [400], ["X-A: a\rX-Flock-Ignored: yes"]),
        .init("a folded name", [200, 400], ["X-A: 1\r\n\tX-Flock-Ignored: yes"]),
        .init("headers of 64 kB", [400, 431], ["X-A: " + String(repeating: "a", count: 65_536)]),
        .init(
            "an upgrade to h2c", [200],
            ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA", "Connection: Upgrade, HTTP2-Settings"]),
    ]

    private static let lines: [HostileRequest] = [
        .init("another app's address as the target", [400], line: "GET http://two.flock.test/case HTTP/1.1"),
        .init("its own address as the target", [200], line: "GET http://one.flock.test/case HTTP/1.1"),
        .init(
            "another app's name with a password", [400], line: "GET http://one.flock.test@two.flock.test/case HTTP/1.1"),
        .init("two slashes", [200], line: "GET //two.flock.test/case HTTP/1.1"),
        .init("a target without a slash", [400, 404], line: "GET case HTTP/1.1"),
        .init("a target with a space", [400], line: "GET /ca se HTTP/1.1"),
        .init("a target with NUL", [400], line: "GET /case\0 HTTP/1.1"),
        .init("a fragment in the target", [200, 400], line: "GET /case#a HTTP/1.1"),
        .init("dots and escapes", [200], line: "GET /a/..%2f../case HTTP/1.1"),
        .init("a target of 64 kB", [400, 414], line: "GET /\(String(repeating: "a", count: 65_536)) HTTP/1.1"),
        .init("CONNECT", [0, 400, 404, 405, 501, 502], line: "CONNECT one.flock.test:80 HTTP/1.1"),
        .init("OPTIONS *", [200, 400], line: "OPTIONS * HTTP/1.1"),
        .init("a method with a space", [400], line: "GE T CASE HTTP/1.1"),
        .init("a method of no server", [200, 400, 501], line: "COW CASE HTTP/1.1"),
        .init("HTTP/0.9", [400], raw: "GET /case\r\n\r\n"),
        .init("HTTP/0.9 with a Host", [400], raw: "GET /case\r\nHost: one.flock.test\r\n\r\n"),
        .init("HTTP/1.2", [200, 400, 505], line: "GET CASE HTTP/1.2"),
        .init("HTTP/2.0", [200, 400, 505], line: "GET CASE HTTP/2.0"),
        .init("HTTP/11.1", [400, 505], line: "GET CASE HTTP/11.1"),
        .init("no protocol", [400], line: "GET CASE cow"),
        .init("the preface of HTTP/2", [0, 400], raw: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden),
        .init("lone line feeds", [200, 400], raw: "GET /case HTTP/1.1\nHost: one.flock.test\nConnection: close\n\n"),
        .init("lone carriage returns", [400], raw: "GET /case HTTP/1.1\rHost: one.flock.test\r\r\n\r\n"),
        .init(
            "an empty line first", [200, 400],
            raw: "\r\nGET /case HTTP/1.1\r\nHost: one.flock.test\r\nConnection: close\r\n\r\n"),
        .init("bytes of no protocol", [0, 400], raw: "\u{16}\u{3}\u{1}\0\r\n\r\n\r\n"),
        .init(
            "a line of the PROXY protocol", [400],
            raw: "PROXY TCP4 6.6.6.6 6.6.6.6 1 1\r\nGET /case HTTP/1.1\r\nHost: one.flock.test\r\n\r\n"),
    ]
}

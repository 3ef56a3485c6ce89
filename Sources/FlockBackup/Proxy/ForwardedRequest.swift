import NIOHTTP1

/// A request's head as it goes to the app.
struct ForwardedRequest {
    let head: HTTPRequestHead

    /// - Parameter keepsUpstream: whether the connection to the app is wanted for the client's next request.
    init(_ received: HTTPRequestHead, to endpoint: Endpoint, keepsUpstream: Bool) {
        var headers = received.headers.endToEnd
        if received.headers.bodyLength == .chunked {
            headers.remove(name: "content-length")
            headers.add(name: "Transfer-Encoding", value: "chunked")
        }
        if received.isUpgrade {
            headers.add(name: "Connection", value: "upgrade")
            headers.add(contentsOf: received.headers["upgrade"].map { ("Upgrade", $0) })
        } else if !keepsUpstream {
            headers.add(name: "Connection", value: "close")
        }
        if !received.version.isAtLeast11 {
            // HTTP/1.1 demands a Host; and 100 (Continue) could not be passed on to the client.
            headers.remove(name: "expect")
            if !headers.contains(name: "host") {
                headers.add(name: "Host", value: endpoint.description)
            }
        }
        self.head = HTTPRequestHead(version: .http1_1, method: received.method, uri: received.uri, headers: headers)
    }
}

extension HTTPRequestHead {
    /// Whether the client asks for another protocol. HTTP/1.0 knows no upgrade.
    var isUpgrade: Bool { self.version.isAtLeast11 && self.headers.isUpgrade }

    var hasBody: Bool {
        switch self.headers.bodyLength {
        case .zero, .unmarked: false
        case .counted, .chunked, nil: true
        }
    }

    /// Whether sending it twice does no harm, so that a kept connection which turns out to be dead costs nothing.
    var isReplayable: Bool {
        switch self.method {
        case .GET, .HEAD, .OPTIONS: !self.hasBody && !self.isUpgrade
        default: false
        }
    }
}

extension HTTPVersion {
    /// Whether chunks, informational responses and upgrades are understood.
    var isAtLeast11: Bool { (self.major, self.minor) >= (1, 1) }
}

import NIOHTTP1

extension HTTPHeaders {
    /// The headers that concern more than one connection (RFC 9110, 7.6.1).
    ///
    /// Left out are `Connection` and what it names, the framing (`Transfer-Encoding`; `Content-Length` stays) and
    /// `Upgrade`: whoever sends the message on adds those that hold for its own connection.
    var endToEnd: HTTPHeaders {
        let named = self[canonicalForm: "connection"].map { $0.lowercased() }
        var kept = HTTPHeaders()
        kept.reserveCapacity(self.count + 2)
        for (name, value) in self {
            let lowercased = name.lowercased()
            if Self.isHopByHop(lowercased) { continue }
            if named.contains(lowercased) && !Self.isProtected(lowercased) { continue }
            kept.add(name: name, value: value)
        }
        return kept
    }

    /// What of an app's response goes to the client. `X-Flock-` is Flock's own: an app can't pass for it.
    var fromApp: HTTPHeaders {
        let headers = self.endToEnd
        let isFlock: (String, String) -> Bool = { name, _ in name.lowercased().hasPrefix("x-flock-") }
        return headers.contains(where: isFlock) ? HTTPHeaders(headers.filter { !isFlock($0, $1) }) : headers
    }

    /// Whether the headers ask for, or agree to, another protocol on this connection.
    var isUpgrade: Bool {
        self.contains(name: "upgrade")
            && self[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// How the body's end is marked, nil when it is marked in a way the proxy can't send on.
    var bodyLength: BodyLength? {
        let codings = self[canonicalForm: "transfer-encoding"]
        if codings.isEmpty {
            guard let length = self.first(name: "content-length") else { return .unmarked }
            return length == "0" ? .zero : .counted
        }
        return codings.count == 1 && codings[0].lowercased() == "chunked" ? .chunked : nil
    }

    enum BodyLength { case zero, counted, chunked, unmarked }

    private static func isHopByHop(_ name: String) -> Bool {
        switch name {
        case "connection", "keep-alive", "te", "transfer-encoding", "upgrade": true
        default: name.hasPrefix("proxy-")
        }
    }

    /// What a client must not be able to remove by naming it in `Connection`: the framing, and what the load balancer
    /// in front says about the client.
    private static func isProtected(_ name: String) -> Bool {
        switch name {
        case "content-length", "host", "forwarded", "authorization", "cookie": true
        default: name.hasPrefix("x-forwarded-") || name.hasPrefix("x-flock-")
        }
    }
}

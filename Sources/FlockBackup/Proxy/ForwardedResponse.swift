import NIOHTTP1

/// A response's head as it goes to the client.
struct ForwardedResponse {
    /// How the client learns where the body ends.
    enum Framing { case noBody, counted, chunked, untilClose }

    let head: HTTPResponseHead
    let framing: Framing
    let keepsClient: Bool
    /// Whether the app's connection can serve another request after this response.
    let keepsUpstream: Bool

    /// Nil when the app frames the body in a way that can't be passed on.
    ///
    /// - Parameters:
    ///   - keepsClient: whether the client's connection may stay, as far as the request says.
    ///   - adding: headers of flock-backup's own.
    init?(_ received: HTTPResponseHead, to request: HTTPRequestHead, keepsClient: Bool, adding: HTTPHeaders = [:]) {
        guard let length = received.headers.bodyLength else { return nil }
        let status = received.status.code
        let informational = status < 200
        var headers = received.headers.fromApp
        headers.add(contentsOf: adding)
        var keepsClient = keepsClient
        let isHTTP11 = request.version.isAtLeast11

        if informational || status == 204 || status == 304 || request.method == .HEAD {
            if informational || status == 204 { headers.remove(name: "content-length") }
            self.framing = .noBody
        } else if length == .counted || length == .zero {
            self.framing = .counted
        } else if isHTTP11 {
            headers.remove(name: "content-length")
            headers.add(name: "Transfer-Encoding", value: "chunked")
            self.framing = .chunked
        } else {
            keepsClient = false
            self.framing = .untilClose
        }
        self.keepsUpstream = received.isKeepAlive && (length != .unmarked || self.framing == .noBody)

        if status == 101 {
            headers.add(name: "Connection", value: "upgrade")
            headers.add(contentsOf: received.headers["upgrade"].map { ("Upgrade", $0) })
        } else if !informational {
            if !keepsClient {
                headers.add(name: "Connection", value: "close")
            } else if !isHTTP11 {
                headers.add(name: "Connection", value: "keep-alive")
            }
        }
        self.keepsClient = keepsClient
        self.head = HTTPResponseHead(
            version: isHTTP11 ? .http1_1 : .http1_0, status: received.status, headers: headers)
    }
}

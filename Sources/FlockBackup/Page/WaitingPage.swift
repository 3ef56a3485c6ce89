import Mustache
import NIOCore
import NIOHTTP1

/// The page that a browser sees while an app takes long to wake. It asks again by itself.
struct WaitingPage: Sendable {
    private let template: MustacheTemplate

    init() throws {
        template = try MustacheTemplate(string: String(decoding: PackageResources.waiting_html_mustache, as: UTF8.self))
    }

    /// Only for somebody who looks at pages: a program gets its answer or an error.
    static func suits(_ head: HTTPRequestHead) -> Bool {
        guard head.method == .GET else { return false }
        let first = head.headers[canonicalForm: "accept"].first?.split(separator: ";").first
        return first == "text/html"
    }

    func answer(app: String) -> ProxyDecision {
        let name = app.split(separator: "/").last.map(String.init) ?? app
        return .answer(
            status: .serviceUnavailable,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Retry-After": "2",
                "X-Robots-Tag": "noindex",
            ],
            body: ByteBuffer(string: template.render(["app": name])))
    }
}

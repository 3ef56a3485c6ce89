import Mustache
import NIOCore
import NIOHTTP1

/// The page that a browser sees while an app takes long to wake, or does not start. It asks how far the app is by
/// itself and loads the address again when that is worth it.
struct WaitingPage: Sendable {
    /// Where the page asks, answered as long as flock-backup is what serves the app.
    static let statePath = "/.well-known/flock/state"

    private let templates: PageTemplates

    init(_ templates: PageTemplates) {
        self.templates = templates
    }

    /// Only for somebody who looks at pages: a program gets its answer or an error, and so does what a page loads.
    static func suits(_ head: HTTPRequestHead) -> Bool {
        guard head.method == .GET, MediaRange.preferred(head.headers[canonicalForm: "accept"]) == "text/html" else {
            return false
        }
        return head.headers.first(name: "sec-fetch-mode").map { $0 == "navigate" } ?? true
    }

    func answer(app: String, slug: String?, _ progress: Waker.Progress) async -> ProxyDecision {
        let nonce = Self.nonce()
        let content = Content(app: app, slug: slug, progress, nonce: nonce)
        let text = await templates.template(for: slug).render(content)
        return .answer(
            status: .serviceUnavailable,
            headers: [
                "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                "Retry-After": String(content.refresh), "X-Robots-Tag": "noindex",
                "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
                "Content-Security-Policy":
                    "default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; "
                    + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
                "X-Flock-State": progress.state.rawValue,
            ],
            body: ByteBuffer(string: text))
    }

    /// The answer at ``statePath``.
    static func answer(_ progress: Waker.Progress) -> ProxyDecision {
        .answer(
            status: .ok,
            headers: [
                "Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
                "X-Flock-State": progress.state.rawValue,
            ],
            body: ByteBuffer(string: progress.json))
    }

    /// 128 bits that nobody can guess.
    private static func nonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// What a template may show. All of it is free of quotes and markup by its type: ids, codes, numbers, hexadecimal.
    private struct Content {
        var app: String
        var nonce: String
        var state: String
        var isStarting: Bool
        var isChecking: Bool
        var isFailing: Bool
        /// Since the wake began.
        var seconds: Int
        /// A code.
        var reason: String
        /// Seconds until the next start is tried.
        var retry: Int
        /// Seconds until a browser without scripts asks again.
        var refresh: Int
        var stateURL = WaitingPage.statePath

        init(app: String, slug: String?, _ progress: Waker.Progress, nonce: String) {
            self.app = slug ?? app.split(separator: "/").last.map(String.init) ?? app
            self.nonce = nonce
            state = progress.state.rawValue
            isChecking = progress.state == .checking
            isFailing = progress.state == .failing
            isStarting = !isChecking && !isFailing
            seconds = progress.seconds ?? 0
            reason = progress.reason ?? ""
            retry = progress.retryAfter ?? 0
            refresh = max(2, retry)
        }
    }
}

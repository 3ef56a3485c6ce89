import FlockCore
import NIOCore
import NIOHTTP1

/// Answers the proxy from what the ``Waker`` knows.
struct BackupDirector: ProxyDirector {
    let waker: Waker
    let page: WaitingPage
    let settings: LiveSettings

    func direct(_ head: HTTPRequestHead) async -> ProxyDecision {
        // HAProxy sets it and removes what clients send; without it, somebody asks flock-backup itself.
        guard let app = head.headers.first(name: "X-Flock-App"), AppID.isValid(app) else {
            // HAProxy's check in acl style, by the path of an app's own.
            if head.headers.contains(name: "X-Flock-Check") {
                return .answer(status: .ok, headers: ["Content-Type": "text/plain"], body: ByteBuffer(string: "ok\n"))
            }
            return Self.refuse(.notFound, code: "app_missing", "no app is named: send requests through HAProxy\n")
        }
        let hold = settings.current.backup.hold.duration
        if head.method == .GET || head.method == .HEAD, head.uri.prefix(while: { $0 != "?" }) == WaitingPage.statePath {
            return WaitingPage.answer(await waker.progress(of: app))
        }
        if head.headers.first(name: "X-Flock-Ignored") == "1" {
            guard let outcome = await waker.endpointIfAwake(for: app, within: hold) else {
                return asleep()
            }
            return answer(outcome)
        }
        guard WaitingPage.suits(head) else { return answer(await waker.endpoint(for: app, within: hold)) }
        switch await waker.endpoint(for: app, within: hold, wakingWithin: settings.current.backup.page.duration) {
        case .refused(let refusal) where refusal.isOfTheStart:
            return await page.answer(app: app, slug: await waker.slug(of: app), await waker.progress(of: app))
        case let outcome: return answer(outcome)
        }
    }

    func redirect(_ head: HTTPRequestHead, after failed: Endpoint, attempt: Int) async -> ProxyDecision {
        if let app = head.headers.first(name: "X-Flock-App") { await waker.lost(failed, of: app) }
        return await direct(head)
    }

    /// For a probe or a crawler, which wakes nothing.
    private func asleep() -> ProxyDecision {
        .answer(
            status: HTTPResponseStatus(statusCode: settings.current.scaler.ignore.status),
            headers: [
                "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "X-Flock-State": "asleep",
            ],
            body: ByteBuffer(string: "asleep\n"))
    }

    private func answer(_ outcome: Waker.Outcome) -> ProxyDecision {
        switch outcome {
        case .forward(let endpoint, let ticket, let woke):
            let added: HTTPHeaders = woke.map { ["X-Flock-Woke": String(Int($0 / .milliseconds(1)))] } ?? [:]
            return .forward(to: endpoint, ticket: ticket, adding: added)
        case .refused(let refusal) where refusal.code == .unknownApp:
            return Self.refuse(.notFound, code: refusal.code.rawValue, "no such app\n")
        case .refused(let refusal):
            return Self.refuse(
                .serviceUnavailable, code: refusal.code.rawValue, "the app did not wake up; try again later\n",
                reason: refusal.reason, retryAfter: refusal.retryAfter)
        }
    }

    private static func refuse(
        _ status: HTTPResponseStatus, code: String, _ text: String, reason: StartFailure? = nil,
        retryAfter: Duration? = nil
    ) -> ProxyDecision {
        var headers: HTTPHeaders = [
            "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", "X-Flock-Code": code,
        ]
        if let reason { headers.add(name: "X-Flock-Reason", value: reason.code) }
        if let retryAfter { headers.add(name: "Retry-After", value: String(retryAfter.wholeSeconds)) }
        return .answer(status: status, headers: headers, body: ByteBuffer(string: text))
    }
}

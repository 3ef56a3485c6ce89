import Testing

@testable import FlockHook

@Suite struct WebhookSignatureTests {
    /// Source: GitHub's documentation, "Validating webhook deliveries".
    private let secret = Array("It's a Secret to Everybody".utf8)
    private let body = Array("Hello, World!".utf8)
    private let published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    private func fits(_ hex: some StringProtocol, _ secrets: [[UInt8]]) -> Bool {
        WebhookSignature.isValid(.signature(Substring(hex)), of: body, secrets: secrets)
    }

    @Test func `GitHub's published example fits`() {
        #expect(WebhookSignature.sign(body, secret: secret) == published)
        #expect(fits(published.dropFirst(7), [secret]))
        #expect(fits(published.dropFirst(7).uppercased(), [secret]))
        #expect(fits(published.dropFirst(7), [[1], secret]) && fits(published.dropFirst(7), [secret, [1]]))
    }

    @Test func `one other byte of the body or the secret does not fit`() {
        #expect(!WebhookSignature.isValid(.signature(published.dropFirst(7)), of: body + [10], secrets: [secret]))
        #expect(!fits(published.dropFirst(7), [secret + [10]]))
    }

    @Test func `an empty secret fits nothing`() {
        let forged = WebhookSignature.sign(body, secret: []).dropFirst(7)
        #expect(!fits(forged, [[]]) && !fits(forged, []) && !fits("", [[]]))
        #expect(!WebhookSignature.isValid(.token(""), of: body, secrets: [[]]))
    }

    @Test func `nothing that stands in for a missing secret fits`() {
        let decoy = Array("nobody's secret".utf8)
        #expect(!fits(WebhookSignature.sign(body, secret: decoy).dropFirst(7), []))
        #expect(!WebhookSignature.isValid(.token("nobody's secret"), of: body, secrets: []))
        #expect(!WebhookSignature.isValid(.none, of: body, secrets: [secret]))
    }

    @Test func `GitLab's token is the secret itself`() {
        let text = String(decoding: secret, as: UTF8.self)
        for (token, fits) in [(text, true), (text + " ", false), (String(text.dropLast()), false), ("", false)] {
            #expect(WebhookSignature.isValid(.token(token), of: body, secrets: [secret, [1]]) == fits)
        }
    }
}

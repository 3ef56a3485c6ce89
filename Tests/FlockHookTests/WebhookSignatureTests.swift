import Testing

@testable import FlockHook

@Suite struct WebhookSignatureTests {
    /// Source: GitHub's documentation, "Validating webhook deliveries".
    private let secret = Array("It's a Secret to Everybody".utf8)
    private let body = Array("Hello, World!".utf8)
    private let published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    private func fits(_ hex: some StringProtocol, _ secrets: [[UInt8]]) -> Bool {
        fits(.signature(Substring(hex)), secrets)
    }

    private func fits(_ proof: DeliveryHead.Proof, _ secrets: [[UInt8]]) -> Bool {
        WebhookSignature.fits(proof, of: body, secrets: secrets).contains(true)
    }

    @Test func `GitHub's published example fits`() {
        #expect(WebhookSignature.sign(body, secret: secret) == published)
        #expect(fits(published.dropFirst(7), [secret]))
        #expect(fits(published.dropFirst(7).uppercased(), [secret]))
        #expect(fits(published.dropFirst(7), [[1], secret]) && fits(published.dropFirst(7), [secret, [1]]))
    }

    @Test func `one other byte of the body or the secret does not fit`() {
        let proof = DeliveryHead.Proof.signature(published.dropFirst(7))
        #expect(WebhookSignature.fits(proof, of: body + [10], secrets: [secret, secret]) == [false, false])
        #expect(!fits(published.dropFirst(7), [secret + [10]]))
    }

    @Test func `an empty secret fits nothing`() {
        let forged = WebhookSignature.sign(body, secret: []).dropFirst(7)
        #expect(!fits(forged, [[]]) && !fits(forged, []) && !fits("", [[]]))
        #expect(!fits(.token(""), [[]]))
    }

    @Test func `nothing that stands in for a missing secret fits`() {
        let decoy = Array("nobody's secret".utf8)
        #expect(!fits(WebhookSignature.sign(body, secret: decoy).dropFirst(7), []))
        #expect(!fits(.token("nobody's secret"), [[]]))
        #expect(!fits(.none, [secret]))
    }

    @Test func `of several secrets those that made the proof are named`() {
        let proof = DeliveryHead.Proof.signature(published.dropFirst(7))
        #expect(
            WebhookSignature.fits(proof, of: body, secrets: [[1], secret, [], secret]) == [false, true, false, true])
    }

    @Test func `GitLab's token is the secret itself`() {
        let text = String(decoding: secret, as: UTF8.self)
        for (token, fits) in [(text, true), (text + " ", false), (String(text.dropLast()), false), ("", false)] {
            #expect(self.fits(.token(token), [secret, [1]]) == fits)
        }
    }
}

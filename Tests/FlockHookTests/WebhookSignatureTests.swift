import Testing

@testable import FlockHook

@Suite struct WebhookSignatureTests {
    /// Source: GitHub's documentation, "Validating webhook deliveries".
    private let secret = Array("It's a Secret to Everybody".utf8)
    private let body = Array("Hello, World!".utf8)
    private let published = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    @Test func `GitHub's published example fits`() {
        #expect(WebhookSignature.sign(body, secret: secret) == published)
        #expect(WebhookSignature.isValid(published, of: body, secret: secret))
        #expect(WebhookSignature.isValid("sha256=" + published.dropFirst(7).uppercased(), of: body, secret: secret))
    }

    @Test func `one other byte of the body or the secret does not fit`() {
        #expect(!WebhookSignature.isValid(published, of: body + [10], secret: secret))
        #expect(!WebhookSignature.isValid(published, of: body, secret: secret + [10]))
    }

    @Test(arguments: [
        "", "sha256=", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1700",
        "sha256=z57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha256=+57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
    ])
    func `what is not the signature does not fit`(_ signature: String) {
        #expect(!WebhookSignature.isValid(signature, of: body, secret: secret))
    }

    @Test func `an empty secret fits nothing`() {
        #expect(!WebhookSignature.isValid(WebhookSignature.sign(body, secret: []), of: body, secret: []))
    }
}

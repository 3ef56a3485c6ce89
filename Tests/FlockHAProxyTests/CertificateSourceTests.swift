import Testing

@testable import FlockHAProxy

@Suite struct CertificateSourceTests {
    private func sources(_ paths: String...) -> [String] {
        CertificateSource.sources(in: paths).map { "\($0.name): \($0.files.joined(separator: " "))" }
    }

    @Test func `a file with both, a pair, and what is neither`() {
        #expect(
            sources("b.crt", "b.key", "a.pem", "c.key", "README", ".hidden.pem", "d.json")
                == ["a: a.pem", "b: b.crt b.key"])
    }

    @Test func `as certbot lays them out`() {
        #expect(
            sources(
                "x.org/fullchain.pem", "x.org/privkey.pem", "x.org/cert.pem", "x.org/chain.pem", "x.org/README",
                "README")
                == ["x.org: x.org/fullchain.pem x.org/privkey.pem"])
    }

    @Test func `as lego lays them out`() {
        #expect(
            sources("_.x.org.crt", "_.x.org.key", "_.x.org.issuer.crt", "_.x.org.json")
                == ["_.x.org: _.x.org.crt _.x.org.key"])
    }

    @Test func `as Dokku lays them out`() {
        #expect(sources("shop/server.crt", "shop/server.key") == ["shop.server: shop/server.crt shop/server.key"])
    }

    @Test func `a chain without its key is a source, so that it is complained of`() {
        #expect(sources("a.crt") == ["a: a.crt"])
    }

    @Test func `of two with one name, one serves`() {
        #expect(sources("a.pem", "a.crt").count == 1)
        #expect(sources("a.b.pem", "a/b.pem").count == 1)
    }

    @Test func `the order does not matter`() {
        let paths = ["b.pem", "a.crt", "a.key", "c/fullchain.pem", "c/privkey.pem"]
        #expect(CertificateSource.sources(in: paths) == CertificateSource.sources(in: paths.reversed()))
    }
}

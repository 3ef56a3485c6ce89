import FlockCore
import FlockTesting
import Foundation
import Testing

@testable import FlockHAProxy

@Suite(.serialized) struct TLSTests {
    @Test func `each host gets its certificate, over HTTP 2, with HSTS; the app learns how the request came`()
        async throws
    {
        try await TLSSite.serving { authority in
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "a.pem")
            let pair = try await authority.issue("shop-1-0-0.flock.localhost")
            try authority.put(pair.chain, as: "b.crt")
            try authority.put(pair.key, as: "b.key")
            let certbot = try await authority.issue("other.test")
            try authority.put(certbot.chain, as: "other.test/fullchain.pem")
            try authority.put(certbot.key, as: "other.test/privkey.pem")
        } _: { site in
            for host in ["shop.flock.localhost", "shop-1-0-0.flock.localhost"] {
                let answer = try await site.curl("-i", "--http2", site.url(host: host))
                #expect(answer.output.hasPrefix("HTTP/2 200"), "\(answer.output)")
                #expect(answer.output.contains("strict-transport-security: max-age=31536000\r\n"))
                #expect(answer.output.contains(#""x-forwarded-proto":"https""#))
            }
            #expect(try await site.served("other.test").contains("CN = other.test"))
            #expect(try await site.served("unknown.test").contains("signed by nobody"))
            #expect(try await site.handshake("-tls1_2").contains("Cipher is ECDHE-ECDSA-"))
            #expect(try await site.handshake("-tls1_3").contains("Cipher is TLS_"))
            #expect(try await site.handshake("-tls1_1").contains("alert protocol version"))
            let own = try await site.curl("-i", site.url("/own-hsts"))
            #expect(own.output.contains("strict-transport-security: max-age=1\r\n"))
            #expect(!own.output.contains("max-age=31536000"))
        }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `plain http is led to https`(_ style: Settings.HTTP.Style) async throws {
        try await TLSSite.serving(style) { site in
            let host = "Shop.flock.localhost"
            let get = try await site.plain("/a?b=c", host: host)
            #expect(get.hasSuffix("301 https://shop.flock.localhost:\(site.port)/a?b=c"), "\(get)")
            #expect(!get.lowercased().contains("strict-transport"))
            let post = try await site.plain("/a", host: host, "-d", "x")
            #expect(post.hasSuffix("308 https://shop.flock.localhost:\(site.port)/a"), "\(post)")
            #expect(try await site.plain("/.well-known/acme-challenge/x", host: host).hasSuffix("200 "))
            #expect(try await site.curl("-k", "-w", "%{http_code}", site.url()).output.hasSuffix("}200"))

            try await site.change { $0.https.redirect = false }
            #expect(try await site.plain("/a", host: host).hasSuffix("200 "))
        }
    }

    @Test func `a host that nobody has is not led anywhere`() async throws {
        try await TLSSite.serving { site in
            let answer = try await site.plain("/", host: "nobody.test")
            #expect(answer.hasSuffix("404 "), "\(answer)")
        }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `challenges of every host go to the named app, over plain http only`(_ style: Settings.HTTP.Style) async throws
    {
        try await TLSSite.serving(style) { site in
            let path = "/.well-known/acme-challenge/x"
            #expect(try await site.plain(path, host: "nobody.test").hasSuffix("404 "))
            for name in ["shop", "/shop-1.0.0"] {
                try await site.change { $0.https.acme = name }
                #expect(try await site.plain(path, host: "nobody.test").hasSuffix("200 "), "\(name)")
                #expect(try await site.plain(path, host: "[::1]").hasSuffix("200 "), "\(name)")
            }
            let tls = try await site.curl(
                "-k", "-w", "%{http_code}", "--resolve", "nobody.test:\(site.port):127.0.0.1",
                site.url(path, host: "nobody.test"))
            #expect(tls.output.hasSuffix("404"), "\(tls.output)")
            try await site.change { $0.https.acme = "gone" }
            #expect(try await site.plain(path, host: "shop.flock.localhost").hasSuffix("200 "))
        }
    }

    @Test func `a changed certificate is for new connections, and cuts none`() async throws {
        try await TLSSite.serving { authority in
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "shop.pem")
        } _: { site in
            let first = try await site.served()
            let reloads = await site.driver.reloads
            async let slow = site.curl(site.url("/slow"))
            try await site.hasBegun()

            try site.authority.put(try await site.authority.issue("shop.flock.localhost"), as: "shop.pem")
            try await site.follows("the new certificate is served") { try await site.served() != first }
            #expect(try await site.curl(site.url()).isSuccess)

            try site.release()
            let answer = try await slow
            #expect(answer.isSuccess && answer.output.hasSuffix("done"), "\(answer.output)")
            #expect(await site.driver.reloads == reloads)
        }
    }

    @Test func `files come and go without a reload, and what a start reads is the same`() async throws {
        try await TLSSite.serving { site in
            #expect(try await site.served().contains("signed by nobody"))
            let reloads = await site.driver.reloads
            try site.authority.put(try await site.authority.issue("shop.flock.localhost"), as: "shop.pem")
            try site.authority.put(try await site.authority.issue("default.test"), as: "default.pem")
            try await site.follows("both are served") {
                let (shop, other) = (try await site.served(), try await site.served("x.test"))
                return shop.contains("CN = shop") && other.contains("CN = default.test")
            }
            try site.authority.remove("shop.pem")
            try await site.follows("it is gone") { try await site.served().contains("CN = default.test") }
            #expect(await site.driver.reloads == reloads)
            let files = HAProxyFilesOf(site)
            #expect(try files.list == ["default.pem"])
            #expect(try files.modes == [0o600])

            try site.authority.remove("default.pem")
            try await site.follows("nobody's is back") { try await site.served().contains("signed by nobody") }
        }
    }

    @Test func `what is bad is named and left out, the others serve, and a former one goes on`() async throws {
        try await TLSSite.serving { authority in
            let (one, other) = (try await authority.issue("one.test"), try await authority.issue("two.test"))
            try authority.put("nonsense", as: "broken.pem")
            try authority.put(try await authority.issue("old.test", days: 0), as: "expired.pem")
            try authority.put(one.chain + other.key, as: "mismatch.pem")
            try authority.put(try await authority.issue("weak.test", key: ["rsa:1024"]), as: "weak.pem")
            try authority.put(one, as: "bad name;x.pem")
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "shop.pem")
        } _: { site in
            let good = try await site.served()
            #expect(good.contains("CN = shop"))
            for host in ["one.test", "old.test", "weak.test"] {
                #expect(try await site.served(host).contains("signed by nobody"), "\(host)")
            }
            let log = site.log.text
            for (file, code) in [
                ("broken.pem", "certificate_incomplete"), ("expired.pem", "certificate_expired"),
                ("mismatch.pem", "certificate_mismatch"), ("weak.pem", "certificate_refused"),
                ("bad name;x.pem", "haproxy_system"),
            ] {
                #expect(
                    log.split(separator: "\n").contains {
                        $0.contains("left out") && $0.contains(file) && $0.contains(code)
                    }, "\(file): \(log)")
            }
            #expect(!log.contains("BEGIN"))

            try site.authority.put("nonsense", as: "shop.pem")
            try await site.follows("it is complained of") { site.log.text.contains("a former one serves") }
            #expect(try await site.served() == good)
            try site.authority.put(try await site.authority.issue("shop.flock.localhost"), as: "shop.pem")
            try await site.follows("the mended one is served") { try await site.served() != good }
        }
    }

    @Test func `a folder that is gone for a moment takes no certificate away`() async throws {
        try await TLSSite.serving { authority in
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "shop.pem")
        } _: { site in
            let served = try await site.served()
            let (folder, files) = (site.authority.folder, FileManager.default)
            try files.moveItem(atPath: folder, toPath: folder + ".away")
            for _ in 0..<3 { try await site.driver.followCertificates() }
            #expect(site.log.text.contains("no folder of certificates"))
            #expect(try await site.served() == served)
        }
    }

    @Test func `a start without the folder serves what was taken from it before`() async throws {
        try await TLSSite.serving { authority in
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "shop.pem")
        } _: { site in
            let first = try await site.served()
            try await site.driver.stop()
            try FileManager.default.moveItem(
                atPath: site.authority.folder, toPath: "\(site.authority.folder).away")
            let next = try site.successor()
            try await next.start()
            try await site.apply(with: next)
            #expect(try await site.served() == first)
        }
    }

    @Test func `what changed while flock-haproxy was away is taken up by the next one`() async throws {
        try await TLSSite.serving { authority in
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "shop.pem")
        } _: { site in
            let first = try await site.served()
            try site.authority.put(try await site.authority.issue("shop.flock.localhost"), as: "shop.pem")
            let next = try site.successor()
            try await next.start()
            try await site.apply(with: next)
            try await site.follows("the new certificate is served", with: next) { try await site.served() != first }
            #expect(await next.reloads == 0)
        }
    }

    @Test func `a chain that the runtime socket cannot carry comes by a reload`() async throws {
        try await TLSSite.serving { authority in
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "shop.pem")
        } _: { site in
            let (first, reloads) = (try await site.served(), await site.driver.reloads)
            var long = try await site.authority.issue("shop.flock.localhost")
            let root = try String(contentsOfFile: site.authority.root, encoding: .utf8)
            long.chain += String(repeating: root, count: 30)
            try site.authority.put(long, as: "shop.pem")
            try await site.follows("the new certificate is served") { try await site.served() != first }
            #expect(await site.driver.reloads == reloads + 1)
            #expect(try await site.curl(site.url()).isSuccess)
        }
    }

    @Test func `certificates whose reload failed are taken to HAProxy again`() async throws {
        try await TLSSite.serving { authority in
            try authority.put(try await authority.issue("shop.flock.localhost"), as: "shop.pem")
        } _: { site in
            let first = try await site.served()
            let file = "\(site.folder.path)/haproxy/haproxy.cfg"
            let sound = try String(contentsOfFile: file, encoding: .utf8)
            try "nonsense\n".write(toFile: file, atomically: true, encoding: .utf8)
            var long = try await site.authority.issue("shop.flock.localhost")
            let root = try String(contentsOfFile: site.authority.root, encoding: .utf8)
            long.chain += String(repeating: root, count: 30)
            try site.authority.put(long, as: "shop.pem")
            try await eventually("a reload has failed") {
                do {
                    try await site.driver.followCertificates()
                    return false
                } catch {
                    return true
                }
            }
            #expect(try await site.served() == first)
            try sound.write(toFile: file, atomically: true, encoding: .utf8)
            try await site.follows("the new certificate is served") { try await site.served() != first }
            let reloads = await site.driver.reloads
            for _ in 0..<3 { try await site.driver.followCertificates() }
            #expect(await site.driver.reloads == reloads)
        }
    }

    /// What HAProxy would read if it were started now.
    private struct HAProxyFilesOf {
        let folder: String

        init(_ site: TLSSite) { folder = "\(site.folder.path)/haproxy" }

        var list: [String] {
            get throws {
                try String(contentsOfFile: "\(folder)/certificates.list", encoding: .utf8).split(separator: "\n")
                    .map { String($0.split(separator: "/").last ?? "") }
            }
        }

        var modes: Set<Int> {
            get throws {
                let files = FileManager.default
                return Set(
                    try files.contentsOfDirectory(atPath: "\(folder)/certificates").compactMap {
                        try files.attributesOfItem(atPath: "\(folder)/certificates/\($0)")[.posixPermissions] as? Int
                    })
            }
        }
    }
}

import Testing

@testable import FlockHook

@Suite struct PushPayloadTests {
    @Test func `GitHub's push to a branch is read`() throws {
        let push = try #require(try Fixtures.push("github/push.branch-ff.go-playground.json"))
        #expect(push.ref == "refs/heads/master" && !push.isDeletion)
        #expect(push.after == "fd489864e7642b48eaad6e3f155c10e46810ec72")
        #expect(push.before == "737d38c599c1b2991664dfc6155d6bf516fcce36")
        #expect(push.addresses.contains("https://github.com/binkkatal/sample_app.git"))
    }

    @Test func `GitHub's new branch is no deletion`() throws {
        let push = try #require(try Fixtures.push("github/push.with-new-branch.payload.json"))
        #expect(push.ref == "refs/heads/master" && !push.isDeletion)
        #expect(push.before.allSatisfy { $0 == "0" })
    }

    @Test func `GitHub's deletion of a tag is one`() throws {
        let push = try #require(try Fixtures.push("github/push.payload.json"))
        #expect(push.ref == "refs/tags/simple-tag" && push.isDeletion)
    }

    @Test func `Gitea's push has the same keys`() throws {
        let push = try #require(try Fixtures.push("gitea/push-event.json"))
        #expect(push.ref == "refs/heads/master" && !push.isDeletion)
        #expect(push.addresses.contains("http://localhost:3000/example/example.git"))
    }

    @Test(arguments: ["github/ping.payload.json", "github/delete.payload.json", "gitlab/push-event.json"])
    func `other events are read as far as they go`(_ name: String) throws {
        let push = try #require(try Fixtures.push(name))
        #expect(!push.addresses.isEmpty)
    }

    @Test func `a deletion is known by its zeros alone`() {
        let json = #"{"ref":"refs/heads/x","after":"0000000000000000000000000000000000000000","repository":{}}"#
        #expect(PushPayload(json: Array(json.utf8))?.isDeletion == true)
    }

    @Test(arguments: ["", "{", "[]", "payload=%7B%7D", #"{"ref": 1}"#])
    func `what is no push is nothing`(_ text: String) {
        #expect(PushPayload(json: Array(text.utf8)) == nil)
    }
}

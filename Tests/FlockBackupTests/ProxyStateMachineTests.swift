import NIOCore
import NIOHTTP1
import Testing

@testable import FlockBackup

@Suite("ProxyStateMachine")
struct ProxyStateMachineTests {
    private let here = Endpoint(taskID: "1", host: "127.0.0.1", port: 1)
    private let there = Endpoint(taskID: "2", host: "127.0.0.1", port: 2)

    private func request(_ method: HTTPMethod = .GET, _ headers: HTTPHeaders = ["Host": "a"]) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: "/", headers: headers)
    }

    private func response(_ status: HTTPResponseStatus = .ok, _ headers: HTTPHeaders = ["Content-Length": "2"])
        -> HTTPResponseHead
    {
        HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    }

    /// A machine that has sent the request to `here`.
    private func proxying(_ head: HTTPRequestHead, ended: Bool = true) -> ProxyStateMachine {
        var machine = ProxyStateMachine()
        _ = machine.handle(.clientSent(.head(head)))
        if ended { _ = machine.handle(.clientSent(.end(nil))) }
        _ = machine.handle(.decided(.forward(to: self.here)))
        _ = machine.handle(.connected)
        return machine
    }

    @Test func bodyIsTakenOnlyOnceConnected() {
        var machine = ProxyStateMachine()
        let head = self.request(.POST, ["Host": "a", "Content-Length": "2"])
        #expect(machine.readsClient && !machine.isBusy)
        #expect(machine.handle(.clientSent(.head(head))) == [.ask(head)])
        #expect(machine.handle(.clientSent(.body(ByteBuffer(string: "hi")))).isEmpty)
        #expect(!machine.readsClient && machine.isBusy)
        #expect(machine.handle(.decided(.forward(to: self.here))) == [.connect(self.here)])
        #expect(machine.handle(.connected) == [.sendHead(head), .sendBody(ByteBuffer(string: "hi"))])
        #expect(machine.readsClient)
        #expect(machine.handle(.clientSent(.end(nil))) == [.sendEnd(nil)])
        #expect(!machine.readsClient)
    }

    @Test func keptConnectionServesTheNextRequest() {
        var machine = self.proxying(self.request())
        _ = machine.handle(.upstreamSent(.head(self.response())))
        #expect(machine.handle(.upstreamSent(.end(nil))) == [.respondEnd(nil)])
        #expect(!machine.isBusy && machine.readsUpstream && machine.readsClient)
        _ = machine.handle(.clientSent(.head(self.request())))
        #expect(machine.handle(.decided(.forward(to: self.here))) == [.sendHead(self.request())])
    }

    @Test func requestOfADyingTaskGoesToTheNextOneOnce() {
        var machine = self.proxying(self.request())
        #expect(
            machine.handle(.upstreamLost)
                == [.closeUpstream, .askAgain(self.request(), failed: self.here, .died, attempt: 1)])
        #expect(machine.handle(.decided(.forward(to: self.there))) == [.connect(self.there)])
        #expect(machine.handle(.connected) == [.sendHead(self.request()), .sendEnd(nil)])
        let actions = machine.handle(.upstreamLost)
        #expect(actions.first == .closeUpstream)
        #expect(
            actions.contains { if case .respondHead(let head) = $0 { head.status == .badGateway } else { false } })
    }

    @Test func otherAddressReplacesTheKeptConnection() {
        var machine = self.proxying(self.request())
        _ = machine.handle(.upstreamSent(.head(self.response())))
        _ = machine.handle(.upstreamSent(.end(nil)))
        _ = machine.handle(.clientSent(.head(self.request())))
        #expect(machine.handle(.decided(.forward(to: self.there))) == [.closeUpstream, .connect(self.there)])
    }

    @Test func keptConnectionThatIsDeadIsOpenedAgain() {
        var machine = self.proxying(self.request())
        _ = machine.handle(.upstreamSent(.head(self.response())))
        _ = machine.handle(.upstreamSent(.end(nil)))
        _ = machine.handle(.clientSent(.head(self.request())))
        _ = machine.handle(.clientSent(.end(nil)))
        _ = machine.handle(.decided(.forward(to: self.here)))
        #expect(machine.handle(.upstreamEnded) == [.closeUpstream, .connect(self.here)])
        #expect(machine.handle(.connected) == [.sendHead(self.request()), .sendEnd(nil)])
        // This connection was new, so it is the task that died.
        #expect(
            machine.handle(.upstreamLost)
                == [.closeUpstream, .askAgain(self.request(), failed: self.here, .died, attempt: 1)])
    }

    @Test func postIsNotSentTwice() {
        let post = self.request(.POST, ["Host": "a", "Content-Length": "0"])
        var machine = self.proxying(post)
        _ = machine.handle(.upstreamSent(.head(self.response())))
        _ = machine.handle(.upstreamSent(.end(nil)))
        _ = machine.handle(.clientSent(.head(post)))
        _ = machine.handle(.clientSent(.end(nil)))
        _ = machine.handle(.decided(.forward(to: self.here)))
        let actions = machine.handle(.upstreamEnded)
        #expect(!actions.contains(.connect(self.here)))
        #expect(Self.status(actions) == 502)
    }

    @Test func refusalsAskAgainAndEndIn502() {
        var machine = ProxyStateMachine(redirects: 2)
        let head = self.request()
        _ = machine.handle(.clientSent(.head(head)))
        for attempt in 1...2 {
            _ = machine.handle(.decided(.forward(to: self.here)))
            #expect(machine.handle(.connectFailed) == [.askAgain(head, failed: self.here, .refused, attempt: attempt)])
        }
        _ = machine.handle(.decided(.forward(to: self.here)))
        #expect(Self.status(machine.handle(.connectFailed)) == 502)
    }

    @Test func clientThatLeaves() {
        var waiting = ProxyStateMachine()
        _ = waiting.handle(.clientSent(.head(self.request())))
        #expect(waiting.handle(.clientEnded) == [.cancelAsk, .closeClient(reset: false)])
        #expect(waiting.handle(.decided(.forward(to: self.here))).isEmpty)

        var connecting = ProxyStateMachine()
        _ = connecting.handle(.clientSent(.head(self.request())))
        _ = connecting.handle(.decided(.forward(to: self.here)))
        #expect(connecting.handle(.clientLost) == [.closeUpstream, .closeClient(reset: false)])
        #expect(connecting.handle(.connected).isEmpty)

        var proxying = self.proxying(self.request())
        #expect(proxying.handle(.clientLost) == [.closeUpstream, .closeClient(reset: false)])
        #expect(!proxying.isBusy)
    }

    @Test func responseCutShort() {
        var chunked = self.proxying(self.request())
        _ = chunked.handle(.upstreamSent(.head(self.response(.ok, ["Transfer-Encoding": "chunked"]))))
        #expect(chunked.handle(.upstreamLost) == [.closeUpstream, .closeClient(reset: false)])

        var old = self.request()
        old.version = .http1_0
        var untilClose = self.proxying(old)
        _ = untilClose.handle(.upstreamSent(.head(self.response(.ok, ["Transfer-Encoding": "chunked"]))))
        #expect(untilClose.handle(.upstreamLost) == [.closeUpstream, .closeClient(reset: true)])
    }

    @Test func earlyResponseEndsTheConnection() {
        let head = self.request(.POST, ["Host": "a", "Content-Length": "9"])
        var machine = self.proxying(head, ended: false)
        _ = machine.handle(.upstreamSent(.head(self.response())))
        #expect(machine.handle(.upstreamSent(.end(nil))) == [.respondEnd(nil), .closeUpstream, .finishClient])
        #expect(machine.readsClient, "what the client still sends is thrown away")
        #expect(machine.handle(.clientSent(.body(ByteBuffer(string: "x")))).isEmpty)
    }

    @Test func answerToTheUnread() {
        let answer = ProxyDecision.answer(status: .serviceUnavailable, headers: [:], body: ByteBuffer(string: "no"))
        var unread = ProxyStateMachine()
        _ = unread.handle(.clientSent(.head(self.request(.POST, ["Content-Length": "9"]))))
        #expect(unread.handle(.decided(answer)).last == .finishClient)

        var read = ProxyStateMachine()
        _ = read.handle(.clientSent(.head(self.request(.POST, ["Content-Length": "2"]))))
        _ = read.handle(.clientSent(.body(ByteBuffer(string: "hi"))))
        _ = read.handle(.clientSent(.end(nil)))
        _ = read.handle(.clientSent(.head(self.request())))
        #expect(
            read.handle(.decided(answer)) == [
                .respondHead(self.response(.serviceUnavailable)), .respondBody(ByteBuffer(string: "no")),
                .respondEnd(nil), .ask(self.request()),
            ])
    }

    @Test func backPressureGoesByTheOtherSide() {
        var machine = self.proxying(self.request(.POST, ["Content-Length": "9"]), ended: false)
        #expect(machine.readsClient && machine.readsUpstream)
        _ = machine.handle(.upstreamWritable(false))
        _ = machine.handle(.clientWritable(false))
        #expect(!machine.readsClient && !machine.readsUpstream)
        _ = machine.handle(.upstreamWritable(true))
        #expect(machine.readsClient && !machine.readsUpstream)
    }

    @Test func tunnelEndsWhenBothSidesHave() {
        let upgrade: HTTPHeaders = ["Connection": "upgrade", "Upgrade": "x"]
        var machine = self.proxying(self.request(.GET, upgrade))
        _ = machine.handle(.upstreamSent(.head(self.response(.switchingProtocols, upgrade))))
        #expect(machine.handle(.upstreamSent(.end(nil))) == [.openTunnel])
        let bytes = ByteBuffer(string: "b")
        #expect(machine.handle(.clientSentBytes(bytes)) == [.sendBytes(bytes)])
        #expect(machine.handle(.clientEnded) == [.endUpstream])
        #expect(machine.isBusy && !machine.readsClient && machine.readsUpstream)
        #expect(machine.handle(.upstreamSentBytes(bytes)) == [.respondBytes(bytes)])
        #expect(machine.handle(.upstreamEnded) == [.endClient])
        #expect(!machine.isBusy)
    }

    @Test func switchNobodyAskedFor() {
        var machine = self.proxying(self.request())
        let upgrade: HTTPHeaders = ["Connection": "upgrade", "Upgrade": "x"]
        #expect(Self.status(machine.handle(.upstreamSent(.head(self.response(.switchingProtocols, upgrade))))) == 502)
    }

    @Test func connectIsNotImplemented() {
        var machine = ProxyStateMachine()
        let actions = machine.handle(.clientSent(.head(self.request(.CONNECT))))
        #expect(Self.status(actions) == 501)
        #expect(actions.last == .finishClient)
        #expect(!machine.readsClient, "the decoder would only store it")
    }

    @Test func drainEndsAfterTheResponse() {
        var idle = ProxyStateMachine()
        #expect(idle.handle(.drain) == [.closeClient(reset: false)])

        var busy = self.proxying(self.request())
        #expect(busy.handle(.drain).isEmpty)
        let head = busy.handle(.upstreamSent(.head(self.response())))
        #expect(head == [.respondHead(self.response(.ok, ["Content-Length": "2", "Connection": "close"]))])
        #expect(busy.handle(.upstreamSent(.end(nil))) == [.respondEnd(nil), .closeUpstream, .finishClient])
    }

    private static func status(_ actions: [ProxyAction]) -> UInt? {
        for case .respondHead(let head) in actions { return head.status.code }
        return nil
    }
}

import Testing

@testable import FlockEngine

@Suite struct EventHubTests {
    private let event = EngineEvent.appTerminated("/a", at: EngineExamples.moment(0))

    @Test func `a stream gets the types it asked for`() async {
        let hub = EventHub()
        let all = hub.subscribe(types: [])
        let some = hub.subscribe(types: ["status_update_event"])
        hub.publish(event)
        hub.closeAll()
        var texts: [String] = []
        for await text in all { texts.append(text) }
        #expect(texts.count == 1 && texts[0].hasPrefix("event: app_terminated_event\r\ndata: {"))
        #expect(texts[0].contains(#""appId":"/a""#) && texts[0].hasSuffix("}\r\n\r\n"))
        for await text in some { Issue.record("got \(text)") }
        #expect(hub.count == 0)
    }

    @Test(.timeLimit(.minutes(1))) func `a stream that does not keep up is ended`() async {
        let hub = EventHub()
        let slow = hub.subscribe(types: [])
        for _ in 0..<2000 { hub.publish(event) }
        #expect(hub.count == 0)
        var count = 0
        for await _ in slow { count += 1 }
        #expect(count == 1024)
    }
}

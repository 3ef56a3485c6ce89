import Testing

@testable import Marathon

@Suite struct UnreadTests {
    private func event(_ json: String) throws -> MarathonEvent {
        try #require(MarathonEvent(json: Array(json.utf8)))
    }

    @Test func `an event says which apps to read`() throws {
        var unread = Unread.nothing
        unread.add(try event(#"{"eventType":"status_update_event","appId":"/a"}"#))
        unread.add(try event(#"{"eventType":"instance_health_changed_event","runSpecId":"/b"}"#))
        unread.add(try event(#"{"eventType":"api_post_event","appDefinition":{"id":"/c"}}"#))
        unread.add(
            try event(
                #"{"eventType":"deployment_success","plan":{"steps":[{"actions":[{"action":"ScaleApplication","app":"/d"}]}]}}"#
            ))
        #expect(unread == .apps(["/a", "/b", "/c", "/d"]))
    }

    @Test func `an event that names none, or many of them, ask for everything`() throws {
        var unread = Unread.nothing
        unread.add(try event(#"{"eventType":"deployment_success","plan":{"steps":[]}}"#))
        #expect(unread == .everything)
        unread = .nothing
        for number in 0...20 { unread.add(try event(#"{"eventType":"status_update_event","appId":"/\#(number)"}"#)) }
        #expect(unread == .everything)
        unread.add(try event(#"{"eventType":"status_update_event","appId":"/a"}"#))
        #expect(unread == .everything)
    }
}

import FlockCore
import FlockTesting
import Marathon
import Testing

extension LoadTests {
    @Test("a websocket across a reload and past idleAfter is not cut, and its app sleeps only when it is closed")
    func websocketSurvives() async throws {
        try await Site.run(idleAfter: "500ms", settings: ["scaler.every=100ms"]) { site in
            let program = try await site.makeApp("chat", files: WebSocket.files(name: "chat"))
            try await program.push()
            let echo = try await EchoServer(in: site.folder)
            let id = "/chat-1.0.0"
            let other = try await echo.deployWithReload("other", to: site)

            let socket = try await WebSocket(host: "chat.flock.test", port: site.webPort, isLeftOpen: true)
            try await socket.echo("before")
            // It is not even tried: a sleep holds requests while it is. One that was under way already may be called off.
            let sleeps = try await sleepsWanted(of: id, site)
            // It would have slept: the other one, used later, does.
            try await falls(asleep: other, site)
            try await socket.echo("past idleAfter")
            #expect(try await site.marathon.app(id)?.instances == 1)

            // From now an old worker carries the websocket, and the new one's statistics show none.
            _ = try await echo.deployWithReload("second", to: site)
            _ = try await echo.deployWithReload("third", to: site)
            try await falls(asleep: other, site)
            try await socket.echo("after reloads")
            #expect(try await site.marathon.app(id)?.instances == 1)
            #expect(!socket.isCut)
            #expect(try await sleepsWanted(of: id, site) == sleeps)

            socket.close()
            try await eventually("it sleeps") { try await site.marathon.app(id)?.instances == 0 }

            // One that wakes its app lives on flock-backup.
            let waking = try await WebSocket(host: "chat.flock.test", port: site.webPort)
            try await waking.echo("awake")
            _ = try await echo.deployWithReload("fourth", to: site)
            try await falls(asleep: other, site)
            try await waking.echo("past idleAfter and reloads")
            #expect(try await site.marathon.app(id)?.instances == 1)
            #expect(!waking.isCut)
            waking.close()
            try await eventually("it sleeps again") { try await site.marathon.app(id)?.instances == 0 }
        }
    }

    /// Wakes the app with a request, and waits until it has gone to sleep for want of others.
    private func falls(asleep app: EchoServer.Deployed, _ site: Site) async throws {
        #expect(try await site.request(app.host).status == 200)
        try await eventually("\(app.id) sleeps") { try await site.marathon.app(app.id)?.instances == 0 }
    }
}

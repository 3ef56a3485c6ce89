import Testing

@testable import HAProxy

@Suite struct RuntimeCommandTests {
    @Test func text() {
        let path = PathToken("/run/hosts.map")!
        let commands: [RuntimeCommand] = [
            .setServer(backend: .app, server: .s1, address: AddressToken("[::1]:80")!),
            .setState(backend: .app, server: .s1, .drain),
            .addMap(path: path, key: MapToken("a.b")!, value: MapToken("/shop")!),
            .delMap(path: path, key: MapToken("a.b")!),
            .showServersState(backend: nil), .showServersState(backend: .app), .showStat(backendsOnly: true),
        ]
        #expect(
            RuntimeRequest.text(for: commands) == """
                prompt
                set server app/s1 addr ::1 port 80;set server app/s1 state drain;add map /run/hosts.map a.b /shop;\
                del map /run/hosts.map a.b;show servers state;show servers state app;show stat -1 2 -1

                """)
        #expect(RuntimeRequest.text(for: []) == "prompt\n")
    }

    @Test func payloadsStandOnLinesOfTheirOwn() {
        let path = PathToken("/c/a.pem")!
        let pem = PEMText(in: PEMTextTests.certificate + PEMTextTests.key)
        let commands: [RuntimeCommand] = [
            .newCertificate(path: path), .setCertificate(path: path, pem), .commitCertificate(path: path),
            .listCertificate(list: PathToken("/c.list")!, path: path),
        ]
        #expect(
            RuntimeRequest.text(for: commands) == """
                prompt
                new ssl cert /c/a.pem
                set ssl cert /c/a.pem <<
                \(pem.text)
                commit ssl cert /c/a.pem;add ssl crt-list /c.list /c/a.pem

                """)
        #expect(commands.allSatisfy { $0.isShort })
        let long = PEMText(Array(repeating: pem.blocks[0], count: 300))
        #expect(!RuntimeCommand.setCertificate(path: path, long).isShort)
    }

    @Test func linesStayShorterThanHAProxysBuffer() {
        let long = MapToken(String(repeating: "v", count: 512))!
        let commands = (0..<250).map { number in
            RuntimeCommand.addMap(
                path: PathToken("/m")!, key: MapToken("k\(number)")!, value: number < 125 ? long : MapToken("v")!)
        }
        let lines = RuntimeRequest.text(for: commands).split(separator: "\n").dropFirst()
        #expect(lines.allSatisfy { $0.utf8.count <= RuntimeRequest.maximumLineLength })
        #expect(lines.allSatisfy { $0.split(separator: ";").count <= RuntimeRequest.maximumCommandsPerLine })
        #expect(lines.flatMap { $0.split(separator: ";") }.map(String.init) == commands.map(\.description))
    }

    @Test func answersOfCommandsThatSet() {
        let set = RuntimeCommand.setServer(backend: .app, server: .s1, address: AddressToken("127.0.0.1:80")!)
        for text in [
            "IP changed from '127.0.0.1' to '::1', port changed from '1' to '81' by 'stats socket command'",
            "no need to change the addr, no need to change the port by 'stats socket command'",
        ] { #expect(RuntimeAnswer(command: set, text: text).refusal == nil) }
        for text in ["", "No such server.", "Permission denied", "Invalid addr 'localhost'"] {
            #expect(RuntimeAnswer(command: set, text: text).refusal?.code == .refused)
        }
        let state = RuntimeCommand.setState(backend: .app, server: .s1, .ready)
        #expect(RuntimeAnswer(command: state, text: "").refusal == nil)
        #expect(RuntimeAnswer(command: state, text: "No such server.").refusal?.message == "No such server.")
    }
}

import Foundation
import Marathon
import Testing

@Suite struct ModelTests {
    private func read<Value: Decodable>(_ json: String, as _: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(json.utf8))
    }

    @Test func `a task of an old Marathon runs when it has started`() throws {
        let staged: AppTask = try read(#"{"id":"a","appId":"/a","host":"h","ports":[1],"stagedAt":"x"}"#)
        let started: AppTask = try read(#"{"id":"a","appId":"/a","host":"h","ports":[1],"startedAt":"x"}"#)
        #expect(!staged.isRunning && started.isRunning && started.isAlive == nil)
    }

    @Test func `a piece of a file is as long as it says, or as its text, and lies within a file`() throws {
        let piece: FileChunk = try read(#"{"data":"\uFFFDa","offset":7,"length":2}"#)
        let ofMesos: FileChunk = try read(#"{"data":"ab","offset":7}"#)
        #expect(piece.end == 9 && ofMesos.end == 9)
        for wrong in [#""length":-1"#, #""length":9223372036854775807"#] {
            #expect(throws: DecodingError.self) {
                try read("{\"data\":\"\",\"offset\":7,\(wrong)}", as: FileChunk.self)
            }
        }
    }

    @Test func `a task of a new Marathon says its state`() throws {
        let json = #"{"id":"a","appId":"/a","state":"TASK_STAGING","startedAt":"x","healthCheckResults":[]}"#
        let task: AppTask = try read(json)
        #expect(!task.isRunning && task.ports.isEmpty && task.isAlive == nil)
    }

    @Test func `a task is alive when every check says so`() throws {
        let json = #"{"id":"a","appId":"/a","healthCheckResults":[{"alive":true},{"alive":false}]}"#
        let task: AppTask = try read(json)
        #expect(task.isAlive == false)
    }

    @Test(arguments: [
        #"[[{"action":"ScaleApplication","app":"/a"}]]"#, #"[{"actions":[{"action":"ScaleApplication","app":"/a"}]}]"#,
        #"[{"actions":[{"type":"ScaleApplication","app":"/a"}]}]"#,
    ])
    func `the steps of every Marathon are read`(_ steps: String) throws {
        let json = """
            {"id":"d","version":"v","affectedApps":["/a"],"steps":\(steps),"currentActions":[],"currentStep":1,
             "totalSteps":1}
            """
        let deployment: Deployment = try read(json)
        #expect(deployment.steps == [.init(actions: [.init(action: "ScaleApplication", app: "/a")])])
    }

    @Test func `an app's definition and condition stand side by side`() throws {
        let app: App = try read(
            #"{"id":"/a","instances":2,"version":"v","tasksRunning":1,"deployments":[{"id":"d"}],"labels":{"A":"b"}}"#)
        #expect(app.id == "/a" && app.instances == 2 && app.labels == ["A": "b"] && app.tasksRunning == 1)
        #expect(app.deployments.map(\.id) == ["d"] && app.tasks == nil)
        #expect(try JSONDecoder().decode(App.self, from: JSONEncoder().encode(app)) == app)
    }

    @Test func `a key that is not given is not sent`() throws {
        var change = AppDefinition()
        change.instances = 1
        #expect(String(decoding: try JSONEncoder().encode(change), as: UTF8.self) == #"{"instances":1}"#)
    }

    @Test func `an event names its app by either key`() {
        #expect(MarathonEvent(json: Array(#"{"eventType":"x","appId":"/a"}"#.utf8))?.app == "/a")
        #expect(MarathonEvent(json: Array(#"{"eventType":"x","runSpecId":"/b"}"#.utf8))?.app == "/b")
        #expect(MarathonEvent(json: Array("{}".utf8)) == nil)
    }
}

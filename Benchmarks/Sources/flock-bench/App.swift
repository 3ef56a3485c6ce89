/// What a benchmark says about an app.
struct App {
    var id: String
    var cmd: String
    var instances: Int
    /// Whether its tasks get a port.
    var hasPort = false

    /// As small as it may be: what is measured is the engine.
    var json: String {
        let command = cmd.replacing("\"", with: "\\\"")
        return #"{"id":"\#(id)","cmd":"\#(command)","cpus":0.01,"mem":32,"instances":\#(instances),"#
            + #""portDefinitions":[\#(hasPort ? #"{"port":0}"# : "")]}"#
    }

    /// Does nothing, for longer than any benchmark takes.
    static func sleeper(_ id: String, instances: Int = 0, hasPort: Bool = false) -> App {
        App(id: id, cmd: "exec sleep 10000", instances: instances, hasPort: hasPort)
    }
}

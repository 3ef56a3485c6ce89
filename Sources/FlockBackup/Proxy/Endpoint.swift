/// Where a task of an app answers, as Marathon says it.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    public var taskID: String
    /// A name or an address.
    public var host: String
    public var port: Int

    public init(taskID: String, host: String, port: Int) {
        self.taskID = taskID
        self.host = host
        self.port = port
    }

    public var description: String { "\(host):\(port)" }
}

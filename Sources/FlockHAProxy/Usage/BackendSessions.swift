/// Requests and connections that the tasks of one app carry.
struct BackendSessions: Sendable, Hashable {
    var all = 0
    /// Of each task that has a slot.
    var byTask: [String: Int] = [:]

    init() {}

    /// - Parameter byServer: of all workers together. What is at a server that stands for no task may be any task's,
    ///   and counts for each: rather too many are waited for than too few.
    init(_ byServer: [String: Int], slots: [SlotTable.Slot]) {
        all = byServer.values.reduce(0, +)
        var byTask: [String: Int] = [:]
        for slot in slots {
            if let taskID = slot.taskID { byTask[taskID] = byServer[slot.name] ?? 0 }
        }
        let stray = all - byTask.values.reduce(0, +)
        self.byTask = byTask.mapValues { $0 + stray }
    }
}

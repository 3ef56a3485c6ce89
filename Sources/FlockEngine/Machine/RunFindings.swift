/// What an agent finds of a run that an earlier one has left.
struct RunFindings: Sendable {
    /// Of the machine now.
    var bootID: String
    /// Whether the shim has taken the command; when it has not by now, it never will.
    var isStarted: Bool
    /// The task's first process, when that very process still lives.
    var shim: ProcessIdentity?
    /// As the shim has written it.
    var exitCode: Int32?
}

extension RunRecord {
    enum Verdict: Sendable, Hashable {
        case ended(TaskStatus)
        case running(ProcessIdentity)
        /// The first process is gone; others of its box may not be.
        case exited(Int32?)
        /// Gone with nothing to clean up by pid.
        case lost(String)
    }

    func verdict(_ findings: RunFindings) -> Verdict {
        if let status { return .ended(status) }
        guard findings.bootID == bootID else { return .lost("The machine was restarted while the task ran") }
        if let code = findings.exitCode { return .exited(code) }
        guard findings.isStarted else { return .lost("The engine was stopped while the task was staged") }
        if let shim = findings.shim { return .running(shim) }
        return .exited(nil)
    }
}

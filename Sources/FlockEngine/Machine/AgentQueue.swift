import Dispatch

/// The thread of an agent. Its file work is short but waits for the disk, so it must not hold up the threads that
/// all other tasks share.
final class AgentQueue: SerialExecutor {
    private let queue = DispatchQueue(label: "flock.agent")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }
}

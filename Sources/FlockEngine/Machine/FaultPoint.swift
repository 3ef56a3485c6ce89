/// The gaps between two steps of a task's life: an engine may be gone after each of them. Tests end an agent there;
/// nothing else looks at them.
enum FaultPoint: Sendable, CaseIterable {
    case accepted, intentRecorded, sandboxMade, fetched, portsChecked, boxPrepared, commandReady, forked, runningTold
    case killRecorded, termSent
    case shimEnded, boxEmptied, endRecorded, endTold, boxRemoved
}

/// What was decided for an app at one look, and why.
struct ScaleVerdict: Sendable, Hashable {
    enum Action: Sendable, Hashable {
        case keep
        case scale(to: Int)
        /// Start it, though nobody asked for it.
        case wake(Int)
        case sleep
    }

    /// What decided how many instances are wanted, or that nothing is done. The names are what people read and search
    /// for.
    enum Rule: String, Sendable, Hashable {
        /// The load over the window.
        case load
        /// A sudden load, surely more than the window's.
        case burst
        /// Nothing is taken away in a burst and for a window after it.
        case burstHolds = "burst-holds"
        /// More were wanted within the scale-down delay.
        case delay
        /// The scaler has just begun to watch, or saw nothing for a while: what is there stays for one window.
        case floor
        case maxUp = "max-up"
        case maxDown = "max-down"
        case min, max
        /// A node of HAProxy does not answer or does not know the app: nothing is taken away.
        case staleNode = "stale-node"
        /// No node answers: nothing is known.
        case silent
        case deploying
        case idle
        /// Idle, and not yet awake for the time that is set.
        case minAwake = "min-awake"
        case schedule
        case asleep
    }

    var action: Action
    /// Instances that are wanted, whether or not anything is done about it.
    var wanted: Int
    var rule: Rule
    /// What the decision came from.
    var window = LoadWindow.Load()
    var burst = LoadWindow.Load()
    /// Seconds without use.
    var idle = 0.0
}

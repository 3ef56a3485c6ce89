import FlockCore

/// A policy in the numbers that decisions are made with: times in seconds.
struct ScaleRules: Sendable, Hashable {
    let every: Double
    let window: Double
    let burstWindow: Double
    let burstFactor: Double
    let maxUp: Double
    let maxDown: Double
    let scaleDownDelay: Double
    let idleAfter: Double
    let minAwake: Double
    let min: Int
    let max: Int
    let wake: Int
    let staffing: Staffing

    init(_ policy: ScalePolicy) {
        func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
        every = seconds(policy.every)
        window = seconds(policy.window)
        burstWindow = seconds(policy.burstWindow)
        burstFactor = policy.burstFactor
        maxUp = policy.maxUp
        maxDown = policy.maxDown
        scaleDownDelay = seconds(policy.scaleDownDelay)
        idleAfter = seconds(policy.idleAfter)
        minAwake = seconds(policy.minAwake)
        min = policy.min
        max = policy.max
        wake = policy.wake
        staffing = Staffing(policy)
    }
}

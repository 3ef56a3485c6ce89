import Marathon

extension App {
    /// A deployment goes on that only changes the number of instances: another number may take its place. It would end
    /// when all instances are there, which may be never.
    var isBeingScaled: Bool {
        guard !deployments.isEmpty, let versionInfo else { return false }
        return versionInfo.lastScalingAt > versionInfo.lastConfigChangeAt
    }

    /// A deployment goes on that nobody may disturb.
    var isBeingChanged: Bool { !deployments.isEmpty && !isBeingScaled }
}

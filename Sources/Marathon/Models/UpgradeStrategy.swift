/// How many instances stay and how many may come on top while a new version replaces the old.
public struct UpgradeStrategy: Codable, Sendable, Hashable {
    /// 0 to 1, of the wanted instances.
    public var minimumHealthCapacity: Double
    /// 0 to 1, of the wanted instances.
    public var maximumOverCapacity: Double

    /// Both keys are mandatory from Marathon 1.5 on.
    public init(minimumHealthCapacity: Double = 1, maximumOverCapacity: Double = 1) {
        self.minimumHealthCapacity = minimumHealthCapacity
        self.maximumOverCapacity = maximumOverCapacity
    }
}

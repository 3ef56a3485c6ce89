/// Something that was taken from an app for a while. It ends by itself, so that nobody who is gone keeps it.
public struct Lease: Sendable, Hashable {
    /// Who took it. Nobody else renews it or gives it back, and nobody else can take it meanwhile.
    public struct Holder: Sendable, Hashable, CustomStringConvertible {
        public let description: String

        /// `nil` for anything but 1 to 64 letters, digits and hyphens.
        public init?(_ text: String) {
            let isToken = text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
            }
            guard isToken, (1...64).contains(text.unicodeScalars.count) else { return nil }
            description = text
        }
    }

    public let holder: Holder
    public private(set) var until: ContinuousClock.Instant

    public init(holder: Holder, until: ContinuousClock.Instant) {
        self.holder = holder
        self.until = until
    }

    public func holds(at now: ContinuousClock.Instant) -> Bool { until > now }

    /// Whether this one may be taken in place of another.
    public func mayReplace(_ other: Lease?, at now: ContinuousClock.Instant) -> Bool {
        guard let other else { return true }
        return other.holder == holder || !other.holds(at: now)
    }
}

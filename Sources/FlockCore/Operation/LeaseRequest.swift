/// What the verbs that take something from an app are asked: from which app, for whom, for how long.
public struct LeaseRequest: Sendable, Hashable {
    /// What is missing or wrong, for the one who asks.
    public struct Invalid: Error, Sendable { public var message: String }

    public var app: String
    public var holder: Lease.Holder
    /// 1 to 600 seconds.
    public var length: Duration

    /// - Parameter query: the value of a parameter: `app`, `holder` and `seconds`.
    public init(query: (String) -> String?) throws(Invalid) {
        guard let app = query("app"), AppID.isValid(app) else {
            throw Invalid(message: "app is missing or no app's id")
        }
        guard let holder = query("holder").flatMap(Lease.Holder.init) else {
            throw Invalid(message: "holder is missing, or is not 1 to 64 letters, digits and hyphens")
        }
        self.app = app
        self.holder = holder
        length = .seconds(min(max(1, query("seconds").flatMap { Int($0) } ?? 5), 600))
    }

    /// From now on.
    public var lease: Lease { Lease(holder: holder, until: .now + length) }
}

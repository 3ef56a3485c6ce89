import FlockCore

extension Lease.Holder {
    /// A scaler.
    static var example: Lease.Holder {
        guard let holder = Lease.Holder("scaler-1") else { preconditionFailure("no holder") }
        return holder
    }
}

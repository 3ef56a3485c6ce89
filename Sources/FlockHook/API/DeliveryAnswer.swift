/// What a delivery is answered: what each of its refs led to, of each program, and the first of that once more at the top,
/// since most deliveries are about one.
public struct DeliveryAnswer: Codable, Sendable, Hashable {
    public struct Change: Codable, Sendable, Hashable {
        /// The repository, with `#` and the program's path where that is not the top.
        public var repository: String
        /// `nil`, as the deploy is, where the event is not about a ref for this program.
        public var ref: String?
        public var deploy: Int64?
        public var state: String
        public var code: String?
        public var message: String
    }

    public var deploy: Int64?
    public var state: String?
    public var code: String?
    public var message: String
    public var changes: [Change]?

    init(code: ReasonCode, _ message: String) {
        self.code = code.rawValue
        self.message = message
    }

    init(_ receipts: [HookStore.Receipt]) {
        let changes = receipts.flatMap(\.changes)
        let deploys = changes.filter { $0.deploy != nil }
        let first = deploys.first { $0.state != DeployRecord.State.ignored.rawValue } ?? deploys.first ?? changes.first
        (deploy, code, message) = (first?.deploy, first?.code, first?.message ?? "")
        if changes.count > 1 || deploy != nil { self.changes = changes }
        guard let first, let deploy else { return }
        state = first.state
        if DeployRecord.State(rawValue: first.state)?.isFinal == false { message = "deploy \(deploy)" }
        if receipts.allSatisfy(\.isDuplicate) {
            message = "this delivery was received before, as deploy \(deploy): \(first.message)"
        }
    }
}

extension HookStore.Receipt {
    fileprivate var changes: [DeliveryAnswer.Change] {
        guard deploys.isEmpty else {
            return deploys.map { deploy in
                DeliveryAnswer.Change(
                    repository: repository, ref: deploy.ref, deploy: deploy.id, state: deploy.state.rawValue,
                    code: deploy.code, message: deploy.summary)
            }
        }
        let what = reason?.code == .pong ? "pong" : "ignored"
        return [
            DeliveryAnswer.Change(
                repository: repository, state: DeployRecord.State.ignored.rawValue, code: reason?.code.rawValue,
                message: "\(what): \(reason?.words ?? "")")
        ]
    }
}

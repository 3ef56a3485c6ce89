/// What a delivery is answered: what each of its refs led to, and the first of that once more at the top, since most
/// deliveries are about one.
public struct DeliveryAnswer: Codable, Sendable, Hashable {
    public struct Change: Codable, Sendable, Hashable {
        public var ref: String
        public var deploy: Int64
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

    init(_ receipt: HookStore.Receipt) {
        let changes = receipt.deploys.map { deploy in
            Change(
                ref: deploy.ref, deploy: deploy.id, state: deploy.state.rawValue, code: deploy.code,
                message: deploy.summary)
        }
        guard let first = changes.first(where: { $0.state != "ignored" }) ?? changes.first else {
            code = receipt.reason?.code.rawValue
            message = "\(receipt.reason?.code == .pong ? "pong" : "ignored"): \(receipt.reason?.words ?? "")"
            return
        }
        (deploy, state, code, message) = (first.deploy, first.state, first.code, first.message)
        if DeployRecord.State(rawValue: first.state)?.isFinal == false { message = "deploy \(first.deploy)" }
        if receipt.isDuplicate {
            message = "this delivery was received before, as deploy \(first.deploy): \(first.message)"
        }
        self.changes = changes
    }
}

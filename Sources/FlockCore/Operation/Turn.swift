/// Lets one asynchronous operation at a time pass, in the order they came. An actor alone does not: it takes up
/// the next call while one waits.
public actor Turn {
    private var isTaken: Bool
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter isTaken: nobody passes before the first ``pass()``.
    public init(isTaken: Bool = false) {
        self.isTaken = isTaken
    }

    public func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    public func pass() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}

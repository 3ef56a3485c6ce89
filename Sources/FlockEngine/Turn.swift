/// Lets one asynchronous operation at a time pass, in the order they came. An actor alone does not: it takes up
/// the next call while one waits.
actor Turn {
    private var isTaken: Bool
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameter isTaken: nobody passes before the first ``pass()``.
    init(isTaken: Bool = false) {
        self.isTaken = isTaken
    }

    func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func pass() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}

/// What HAProxy said to one command.
public struct RuntimeAnswer: Hashable, Sendable {
    public let command: RuntimeCommand
    /// The answer without the empty line that ends it.
    public let text: String

    init(command: RuntimeCommand, text: String) {
        self.command = command
        self.text = text
    }

    /// Nil if the command did what it says. Setting commands answer nothing or what changed; any other text is the
    /// reason why not.
    public var refusal: HAProxyError? {
        if command.isSuccess(text) { return nil }
        return HAProxyError(
            code: .refused, operation: "\(command)",
            message: text.isEmpty ? "an empty answer" : String(text.prefix(400)))
    }
}

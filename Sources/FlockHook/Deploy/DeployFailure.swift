/// Why a deploy ended without a release: a code to search for, and what the pusher has to know.
struct DeployFailure: Error, Sendable {
    var code: String
    var message: String
    /// Further lines for the pusher, such as the end of the program's errors.
    var details: [String] = []
}

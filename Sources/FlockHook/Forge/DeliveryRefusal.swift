/// Why a delivery is not taken.
struct DeliveryRefusal: Error, Sendable, Hashable {
    var code: ReasonCode
    var message: String

    init(_ code: ReasonCode, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The same for a wrong signature and an unknown repository, so that nobody learns which ones are known.
    static let unproven = DeliveryRefusal(
        .signatureInvalid, "the signature does not fit, or the repository is not configured")
}

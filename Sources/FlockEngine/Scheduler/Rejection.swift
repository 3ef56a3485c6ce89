/// Why an offer is of no use to an app. Source: Marathon's NoOfferMatchReason, in the order Marathon lists them.
enum Rejection: String, Codable, Sendable, CaseIterable {
    case role = "UnfulfilledRole"
    case constraint = "UnfulfilledConstraint"
    case reservation = "NoCorrespondingReservationFound"
    case maintenance = "AgentMaintenance"
    case scarce = "DeclinedScarceResources"
    case cpus = "InsufficientCpus"
    case memory = "InsufficientMemory"
    case disk = "InsufficientDisk"
    case gpus = "InsufficientGpus"
    case ports = "InsufficientPorts"
    /// The agent has nothing that runs the app's container. Marathon has no word for it.
    case container = "UnsupportedContainer"
}

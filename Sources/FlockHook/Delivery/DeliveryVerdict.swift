import FlockCore

/// What a verified change of a ref leads to.
enum DeliveryVerdict: Sendable, Hashable {
    case deploy(branch: String, environment: Settings.Repository.Environment)
    case ignore(Reason)

    init(_ change: RefChange, repository: KnownRepository) {
        guard case .branch(let branch) = change.ref else {
            self = .ignore(.notABranch(change))
            return
        }
        guard change.after != nil else {
            self = .ignore(.branchDeleted(branch))
            return
        }
        guard let environment = repository.environment(of: branch) else {
            self = .ignore(.branchUnmapped(branch, mapped: repository.branches.mapValues(\.rawValue)))
            return
        }
        self = .deploy(branch: branch, environment: environment)
    }
}

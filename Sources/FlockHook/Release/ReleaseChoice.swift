import FlockCore

/// Which of its earlier releases an app is to serve again.
struct ReleaseChoice: Sendable, Hashable {
    let slug: Slug
    /// Those that were live, newest first.
    let history: [Release]
    /// The number that visitors get now.
    let current: Int?

    /// - Parameter number: `nil` for the one before the present one whose code is another.
    func rollback(to number: Int?) throws(ReleaseRefusal) -> Release {
        guard let number else {
            let now = history.first { $0.number == current }
            let before = history.first { $0.number < (current ?? .max) && $0.deploy != now?.deploy }
            guard let before else { throw unknown("there is no release of \(slug) before the present one") }
            return before
        }
        guard let found = history.first(where: { $0.number == number }) else {
            throw unknown("\(slug) has no release v\(number)")
        }
        return try other(found)
    }

    /// The newest release of a version.
    func release(of version: AppVersion) throws(ReleaseRefusal) -> Release {
        guard let found = history.first(where: { $0.version == version.idText }) else {
            let versions = Set(history.compactMap(\.version)).sorted().joined(separator: ", ")
            throw ReleaseRefusal(
                .versionUnknown,
                "version \(version) of \(slug) was never released"
                    + (versions.isEmpty ? "; \"flock apps\" lists what there is" : "; released were: \(versions)"))
        }
        return try other(found)
    }

    private func other(_ found: Release) throws(ReleaseRefusal) -> Release {
        guard found.deploy != history.first(where: { $0.number == current })?.deploy else {
            throw ReleaseRefusal(
                .releaseCurrent, "visitors of \(slug) get the code of v\(found.number) already, as v\(current ?? 0)")
        }
        return found
    }

    private func unknown(_ message: String) -> ReleaseRefusal {
        let numbers = history.prefix(20).map { "v\($0.number)" }.joined(separator: ", ")
        let known = numbers.isEmpty ? "\"flock apps\" lists what there is" : "there are: \(numbers)"
        return ReleaseRefusal(.releaseUnknown, "\(message); \(known)")
    }
}

import Crypto
import FlockCore
import Foundation

extension Builder {
    /// Makes what tasks of a program are to fetch.
    /// - Returns: the file's name in the artifacts folder; `nil` where tasks fetch nothing.
    /// - Throws: ``DeployFailure``.
    func artifact(
        of descriptor: Descriptor, names: Set<String>, env: [String: String], packing: Packing, for deploy: Int64,
        lane: String
    ) async throws -> String? {
        guard descriptor.image == nil else { return nil }
        let plan: BuildPlan?
        do {
            plan = try BuildPlan(descriptor, names: names)
        } catch {
            throw DeployFailure(
                code: "lock_files",
                message: "there are several lock files (\(error.lockFiles.joined(separator: ", "))), so "
                    + "nobody knows which one is right; keep the one of the package manager you use")
        }
        try await store.advance(deploy, to: .building, "packing \(descriptor.slug) \(descriptor.version)")
        let source = try await packing.archive(slug: descriptor.slug)
        guard var plan else { return source }
        var lock: [[UInt8]] = []
        if let cache = plan.cache {
            lock = [
                try await packing.lockFile(cache.lockFile), try await packing.lockFile(".npmrc"),
                BuildCache.dependencies(of: try await packing.lockFile("package.json")),
            ]
            if BuildCache.hasFolders(lock[0], cache) { plan.cache = nil }
        }
        let order = Order(
            plan: plan, slug: descriptor.slug, folder: packing.folder, env: env, source: source,
            result: "\(descriptor.slug)-\(packing.commit)-\(Self.hash(plan, packing.folder, env)).tar",
            lane: lane, lock: lock)
        if FileManager.default.fileExists(atPath: "\(state.artifacts)/\(order.result)") {
            try await store.advance(deploy, to: .building, "this commit was built before")
        } else {
            try await store.advance(deploy, to: .building, "building \(descriptor.slug) \(descriptor.version)")
            try await build(order, for: deploy)
        }
        return order.result
    }

    /// Of all that a build's result depends on besides the commit.
    private static func hash(_ plan: BuildPlan, _ folder: String, _ env: [String: String]) -> String {
        var hash = SHA256()
        let words =
            [folder] + plan.steps.map(\.command) + env.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        for word in words {
            hash.update(data: Data(word.utf8))
            hash.update(data: Data([0]))
        }
        return hash.finalize().prefix(4).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

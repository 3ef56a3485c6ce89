import FlockCore

/// What makes a program of its source, as Heroku does for Node.
/// Source: Heroku, "Heroku Node.js Support", build behaviour.
struct BuildPlan: Sendable, Hashable {
    struct Step: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            /// Left out where the cache has what it would make.
            case install
            /// What npm runs at an install; only where that is left out.
            case afterInstall
            case always
        }

        var kind = Kind.always
        /// Run by `/bin/sh -c`.
        var command: String
    }

    /// Names the lock file and what reads it, where dependencies can be kept for later builds.
    struct Cache: Sendable, Hashable {
        var manager: String
        var lockFile: String
    }

    var steps: [Step]
    var cache: Cache?

    struct Conflict: Error, Sendable, Hashable {
        var lockFiles: [String]
    }

    private struct Manager {
        var name: String
        var lockFiles: [String]
        var install: String
        /// Where there is no lock file.
        var looseInstall = ""
        /// What is for development goes; `nil` where all stays.
        var prune: String?

        /// yarn 2 and later, which knows none of the older options, and prunes by a plugin only.
        static let berry = Manager(name: "yarn", lockFiles: ["yarn.lock"], install: "yarn install --immutable")
    }

    private static let managers = [
        Manager(
            name: "npm", lockFiles: ["package-lock.json", "npm-shrinkwrap.json"], install: "npm ci --include=dev",
            looseInstall: "npm install --include=dev",
            prune: "npm prune --omit=dev"),
        Manager(
            name: "yarn", lockFiles: ["yarn.lock"], install: "yarn install --frozen-lockfile --production=false",
            prune: "yarn install --frozen-lockfile --production --ignore-scripts --prefer-offline"),
        Manager(
            name: "pnpm", lockFiles: ["pnpm-lock.yaml"], install: "pnpm install --frozen-lockfile --prod=false",
            prune: "pnpm prune --prod"),
    ]

    init(steps: [Step], cache: Cache? = nil) {
        self.steps = steps
        self.cache = cache
    }

    /// - Parameter names: what the program's folder holds.
    /// - Returns: `nil` where there is nothing to build.
    init?(_ descriptor: Descriptor, names: Set<String>) throws(Conflict) {
        guard descriptor.image == nil else { return nil }
        if let commands = descriptor.build {
            steps = commands.map { Step(command: $0) }
            return
        }
        let package = descriptor.package
        let script = ["heroku-postbuild", "build"].first(where: package.scripts.contains)
        let isPrepared = package.scripts.contains("heroku-prebuild")
        guard package.hasDependencies || isPrepared || script != nil else { return nil }

        let locked = Self.managers.filter { !names.isDisjoint(with: $0.lockFiles) }
        guard locked.count <= 1 else {
            throw Conflict(lockFiles: locked.flatMap(\.lockFiles).filter(names.contains))
        }
        var manager = locked.first ?? Self.managers[0]
        let lockFile = manager.lockFiles.first(where: names.contains)
        if names.contains(".yarnrc.yml") { manager = .berry }
        func run(_ script: String, _ kind: Step.Kind = .always) -> Step {
            Step(kind: kind, command: "\(manager.name) run \(script)")
        }
        steps = isPrepared ? [run("heroku-prebuild")] : []
        if package.hasDependencies {
            steps.append(Step(kind: .install, command: lockFile == nil ? manager.looseInstall : manager.install))
            // A workspace has folders of dependencies below its own, which are not kept; and what npm builds of a
            // binding.gyp by itself it would not build again.
            let isPlain = !package.hasWorkspaces && names.isDisjoint(with: ["pnpm-workspace.yaml", "binding.gyp"])
            if let lockFile, isPlain {
                cache = Cache(manager: manager.name, lockFile: lockFile)
                steps += ["preinstall", "install", "postinstall", "prepare"].filter(package.scripts.contains)
                    .map { run($0, .afterInstall) }
            }
        }
        if let script { steps.append(run(script)) }
        if package.hasDevelopmentDependencies, let prune = manager.prune { steps.append(Step(command: prune)) }
    }
}

import FlockCore

/// What `flock check` has found.
struct CheckReport: Encodable, Sendable {
    struct Problem: Encodable, Sendable {
        var file: String
        var key: String?
        var code: String
        var message: String
    }

    var problems: [Problem] = []
    var warnings: [String] = []
    /// What it would be called, where nothing is wrong.
    var app: String?

    /// - Parameter place: what precedes the names of files, such as `apps/shop/`.
    init(_ files: ProgramFiles, at place: String) {
        do {
            let descriptor = try Descriptor(files)
            app = AppName(slug: descriptor.slug, version: descriptor.version, group: descriptor.group).id
            let floor = descriptor.command.flatMap { MemoryFloor.warning(command: $0, mem: descriptor.mem) }
            warnings = [floor.map { "\(place)package.json: flock.mem: \($0)" }].compactMap(\.self)
            if descriptor.image == nil, files.names.contains("Dockerfile") {
                warnings.append(
                    "\(place)Dockerfile: is not used: \"\(descriptor.command ?? "")\" is; name an image with flock.image"
                )
            }
        } catch {
            problems = error.all.map {
                Problem(file: place + $0.file, key: $0.key, code: $0.code.rawValue, message: $0.message)
            }
        }
    }

    var text: String {
        let lines =
            problems.map { problem in
                "\(problem.file): \(problem.key.map { "\($0): " } ?? "")\(problem.message) [\(problem.code)]"
            } + warnings.map { "\($0) (warning)" } + (app.map { ["Nothing is wrong; it becomes \($0)."] } ?? [])
        return lines.map { "\($0)\n" }.joined()
    }
}

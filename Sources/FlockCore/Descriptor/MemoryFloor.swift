/// What runtimes need to come up at all. With less the kernel frees and reads the program's own pages over and over.
public enum MemoryFloor {
    /// MiB, measured with Node 20: up at 48 with effort, at 64 without, at 32 not in two seconds.
    private static let node = 48.0
    private static let nodePrograms: Set<Substring> = ["node", "nodejs", "npm", "npx", "yarn", "pnpm"]

    /// What to tell the person who gave an app too little memory.
    /// - Parameters:
    ///   - command: as a shell would run it.
    ///   - mem: MiB.
    /// - Returns: nil when it is enough, or the program is not known.
    public static func warning(command: String, mem: Double) -> String? {
        let words = command.split { $0.isWhitespace || ";&|()'\"`".contains($0) }
        let programs = words.compactMap { $0.split(separator: "/").last }
        guard mem < node, let program = programs.first(where: nodePrograms.contains) else { return nil }
        return "mem is \(mem.formatted) MiB, and \(program) needs 48 to start and 64 to run well: set mem to 64 or more"
    }
}

extension Double {
    fileprivate var formatted: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}

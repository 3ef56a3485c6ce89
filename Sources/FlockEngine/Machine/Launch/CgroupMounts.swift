import FlockCore
import Foundation

/// Where this machine's control groups are: each controller of version 1 in a hierarchy of its own, the others in the
/// one hierarchy of version 2. Both may be there. Source: cgroups(7), proc(5).
struct CgroupMounts: Sendable, Hashable {
    /// Version 1: mount points by controller, and by `name=systemd` for the hierarchy without any.
    var v1: [String: String] = [:]
    var v2: String?
    /// What version 2 can limit.
    var v2Controllers: Set<String> = []

    /// - Parameter mounts: what `/proc/mounts` has.
    init(mounts: String, v2Controllers: (_ mountPoint: String) -> String) {
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count >= 4 else { continue }
            switch fields[2] {
            case "cgroup2" where v2 == nil: v2 = fields[1]
            case "cgroup":
                for option in fields[3].split(separator: ",").map(String.init) where v1[option] == nil {
                    v1[option] = fields[1]
                }
            default: continue
            }
        }
        if let v2 { self.v2Controllers = Set(v2Controllers(v2).split(whereSeparator: \.isWhitespace).map(String.init)) }
    }

    static func ofMachine() -> CgroupMounts {
        CgroupMounts(mounts: ProcFile.text("/proc/mounts") ?? "") {
            (try? String(contentsOfFile: "\($0)/cgroup.controllers", encoding: .utf8)) ?? ""
        }
    }
}

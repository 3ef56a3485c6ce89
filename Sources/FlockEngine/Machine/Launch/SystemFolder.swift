import Foundation

/// A folder of the machine's system that boxes show.
struct SystemFolder: Sendable, Hashable {
    var path: String
    /// Where it leads, on machines where `/bin` and its like are links into `/usr`.
    var link: String?

    /// Those that are there: programs and what they need. Neither `/home` nor `/var`, `/run` or `/root`.
    static func ofMachine() -> [SystemFolder] {
        ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt"].compactMap { path in
            if let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
                return SystemFolder(path: path, link: link)
            }
            return FileManager.default.fileExists(atPath: path) ? SystemFolder(path: path) : nil
        }
    }

    /// Where names are resolved, if that is a link out of `/etc`.
    static func resolver() -> String? {
        let real = URL(fileURLWithPath: "/etc/resolv.conf").resolvingSymlinksInPath().path
        return real.hasPrefix("/etc/") || !FileManager.default.fileExists(atPath: real) ? nil : real
    }
}

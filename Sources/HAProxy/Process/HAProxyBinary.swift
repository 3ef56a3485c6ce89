internal import Foundation

/// Where the `haproxy` program is.
public enum HAProxyBinary {
    /// The given path or name, else `haproxy`. A name is looked up in `path` (nil: the variable `PATH`), then where
    /// systems keep daemons.
    /// - Throws: `haproxy_binary_not_found`.
    public static func locate(
        _ given: String? = nil, path: String? = nil
    ) throws(HAProxyError) -> String {
        let name = given ?? "haproxy"
        let candidates =
            name.contains("/")
            ? [name]
            : ((path ?? ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
                + ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"])
                .map { "\($0)/\(name)" }
        guard let found = candidates.first(where: { isProgram($0) }) else {
            throw HAProxyError(
                code: .binaryNotFound, operation: "find haproxy", message: "no program \(name)",
                hint: "install HAProxy (apt install haproxy, brew install haproxy) or give its path")
        }
        return found
    }

    private static func isProgram(_ path: String) -> Bool {
        guard FileManager.default.isExecutableFile(atPath: path),
            let type = try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[.type] as? FileAttributeType
        else { return false }
        return type == .typeRegular
    }
}

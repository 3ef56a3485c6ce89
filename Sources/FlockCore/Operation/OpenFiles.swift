import Foundation

/// How many files, connections among them, a process may have open. Source: getrlimit(2), `RLIMIT_NOFILE`.
public struct OpenFiles: Sendable, Hashable {
    /// So many now.
    public var soft: Int
    /// So many once it asks for it.
    public var hard: Int

    public init(soft: Int, hard: Int) {
        self.soft = soft
        self.hard = hard
    }

    /// Of this process.
    public static var limit: OpenFiles {
        var limit = rlimit()
        unsafe getrlimit(resource, &limit)
        return OpenFiles(soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    /// Asks for all that this process may have. Who starts it often leaves it 1,024, for programs that use select(2).
    public static func raise() {
        var limit = rlimit()
        unsafe getrlimit(resource, &limit)
        limit.rlim_cur = limit.rlim_max
        // A system that does not grant it leaves what there was.
        _ = unsafe setrlimit(resource, &limit)
    }

    #if canImport(Glibc)
        private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
        private static var resource: Int32 { RLIMIT_NOFILE }
    #endif
}

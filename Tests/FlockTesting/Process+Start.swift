public import Foundation

extension Process {
    /// Runs it with no descriptor of the tests' but the three that it is given. Foundation closes those up to the highest
    /// one that is open when it looks: a socket that another test opens just then would stay open as long as the program
    /// lives, and whoever connects to its port would wait.
    public func start() throws {
        _ = Self.highestDescriptor
        try run()
    }

    private static let highestDescriptor = fcntl(
        FileHandle.standardOutput.fileDescriptor, F_DUPFD_CLOEXEC, Int32(min(sysconf(Int32(_SC_OPEN_MAX)), 8192) - 1))
}

import Dispatch
import Foundation

/// Waits for the end of any process, not only of our children.
enum ProcessExit {
    /// Returns when the process has ended, at once when it is gone or another has its pid. A zombie has ended.
    static func wait(for process: ProcessIdentity) async {
        guard let descriptor = descriptor(of: process.pid) else {
            while process.isAlive { try? await Task.sleep(for: .milliseconds(100)) }
            return
        }
        // Looked at after it was opened: from here on the descriptor means the right process.
        guard process.isAlive else {
            close(descriptor)
            return
        }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let source = DispatchSource.makeReadSource(fileDescriptor: descriptor)
            source.setEventHandler { source.cancel() }
            source.setCancelHandler {
                close(descriptor)
                continuation.resume()
            }
            source.resume()
        }
    }

    /// A pidfd, which is readable once the process has ended; `nil` where the C library or the kernel has none.
    /// Source: pidfd_open(2). Not in the module map of the C library, hence looked up by name.
    private static func descriptor(of pid: Int32) -> Int32? {
        typealias Open = @convention(c) (Int32, UInt32) -> Int32
        guard let symbol = unsafe dlsym(nil, "pidfd_open") else { return nil }
        let open = unsafe unsafeBitCast(symbol, to: Open.self)
        let descriptor = open(pid, 0)
        return descriptor >= 0 ? descriptor : nil
    }
}

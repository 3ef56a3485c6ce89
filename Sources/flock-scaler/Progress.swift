import FlockDaemon
import Foundation
import Synchronization

/// How far a long computation is: one line that is written over, on a terminal only.
final class Progress: Sendable {
    private let total: Int
    private let label: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private let shown = Mutex(0)

    init(of total: Int, label: String) {
        self.total = total
        self.label = label
    }

    func show(_ done: Int) {
        let percent = done * 100 / total
        let isNew = shown.withLock { last in
            defer { last = percent }
            return percent != last
        }
        if isShown && isNew {
            FileHandle.standardError.write(Data("\r\(label): \(done) of \(total) apps".utf8))
        }
    }

    func end() {
        if isShown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

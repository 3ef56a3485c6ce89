/// Owns one object of libgit2 and frees it once. Not Sendable: libgit2 objects may not be used by two threads at once.
struct Handle: ~Copyable {
    typealias Free = @convention(c) (OpaquePointer?) -> Void

    let pointer: OpaquePointer
    private let free: Free

    /// - Parameter make: sets the pointer and returns libgit2's status.
    init(
        _ operation: String, free: @escaping Free, make: (inout OpaquePointer?) -> Int32
    ) throws(GitError) {
        var made: OpaquePointer?
        try check(operation, make(&made))
        guard let made else {
            throw GitError(.other, operation: operation, message: "libgit2 returned no object")
        }
        pointer = made
        self.free = free
    }

    deinit {
        free(pointer)
    }
}

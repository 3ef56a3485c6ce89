/// A task's id as the name of a cgroup or a unit: no two ids share one, and the id can be read back.
enum BoxName {
    /// Keeps an id such as `cgroup.procs` apart from the kernel's own files.
    private static let prefix = "task-"
    private static let kept = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.".utf8)

    /// Letters, digits, `-`, `_` and `.` stay; any other byte becomes `:` and two hexadecimal digits.
    static func of(_ taskID: String) -> String {
        var name = prefix
        for byte in taskID.utf8 {
            if kept.contains(byte) {
                name.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                name += byte < 16 ? ":0" : ":"
                name += String(byte, radix: 16)
            }
        }
        return name
    }

    /// - Returns: nil when ``of(_:)`` gives no such name.
    static func taskID(in name: String) -> String? {
        guard name.hasPrefix(prefix) else { return nil }
        var bytes: [UInt8] = []
        var rest = Substring(name).utf8.dropFirst(prefix.utf8.count)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: ":") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = UInt8(String(Substring(rest.prefix(2))), radix: 16) else { return nil }
            bytes.append(escaped)
            rest = rest.dropFirst(2)
        }
        guard let taskID = String(validating: bytes, as: UTF8.self), of(taskID) == name else { return nil }
        return taskID
    }
}

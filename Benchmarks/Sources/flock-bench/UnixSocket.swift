import Foundation

/// HAProxy's sockets, with nothing between the command and the system call.
enum UnixSocket {
    /// - Parameters:
    ///   - commands: separated by `;`, as many as HAProxy's buffer of 16 KiB holds.
    ///   - end: what the answer ends with; without it, with the connection.
    static func ask(_ path: String, _ commands: String, until end: String? = nil) throws -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw RawHTTP.Failure(what: "\(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw RawHTTP.Failure(what: "nobody listens at \(path), errno \(errno)") }
        var rest = Array("\(commands)\n".utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw RawHTTP.Failure(what: "\(path) takes no command") }
            rest = rest.dropFirst(count)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            answer += chunk[..<max(0, count)]
            if count <= 0 || end.map({ answer.suffix($0.utf8.count).elementsEqual($0.utf8) }) ?? false {
                return String(decoding: answer, as: UTF8.self)
            }
        }
    }
}

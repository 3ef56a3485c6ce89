import Foundation

/// Looks whether a program could listen on a port of this machine. It is bound, and not listened at: who asks at that
/// moment is refused, as before. Reading who listens from /proc/net/tcp took 10 ms, whatever is found there.
enum PortCheck {
    /// Nobody listens there for TCP, on any address of either family, and no connection of ours keeps it from being
    /// listened at.
    static func isFree(_ port: Int) -> Bool {
        guard let port = UInt16(exactly: port) else { return false }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        if let isTaken = isTaken(AF_INET6, &address) { return !isTaken }
        // A machine without IPv6.
        var olderAddress = sockaddr_in()
        olderAddress.sin_family = sa_family_t(AF_INET)
        olderAddress.sin_port = port.bigEndian
        return isTaken(AF_INET, &olderAddress) != true
    }

    /// Binds to every address. As long as nobody listens, those who did before do not count, whose connections may
    /// be remembered for a minute.
    /// - Returns: `nil` where there are no such addresses.
    private static func isTaken<Address>(_ family: Int32, _ address: inout Address) -> Bool? {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var (on, off): (Int32, Int32) = (1, 0)
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, size)
        if family == AF_INET6 { unsafe setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, size) }
        let result = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, socklen_t(MemoryLayout<Address>.size))
            }
        }
        if result == 0 { return false }
        return errno == EADDRINUSE ? true : nil
    }
}

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What a host's name leads to. The name is looked up once: a connection goes to an address that was checked, whatever
/// the name server says a moment later.
enum HostAddresses {
    /// - Throws: `unsafeAddress` if one of them is not public and that is not allowed, `fetchFailed`, `cancelled`.
    static func lookup(_ host: String, includingPrivate: Bool) async throws(GitError) -> [NetworkAddress] {
        let operation = "look up \(host)"
        // The system's resolver blocks, for as long as it likes.
        let addresses = try await onOwnThread(operation) { () throws(GitError) in try resolve(host) }
        for address in addresses where !includingPrivate && !address.isPublic {
            throw GitError(
                .unsafeAddress, operation: operation, message: "it leads to \(address.text), which is not public",
                hint: "if it is meant to, allow private addresses for this repository")
        }
        return addresses
    }

    private static func resolve(_ host: String) throws(GitError) -> [NetworkAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Darwin)
            hints.ai_socktype = SOCK_STREAM
        #else
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard status == 0 else {
            throw GitError(
                .fetchFailed, operation: "look up \(host)", message: String(cString: gai_strerror(status)),
                hint: "check the repository's URL")
        }
        var addresses: [NetworkAddress] = []
        var next = list
        while let entry = next {
            next = entry.pointee.ai_next
            guard let address = address(of: entry.pointee), !addresses.contains(address) else { continue }
            addresses.append(address)
        }
        guard !addresses.isEmpty else {
            throw GitError(.fetchFailed, operation: "look up \(host)", message: "it has no address")
        }
        return addresses
    }

    private static func address(of entry: addrinfo) -> NetworkAddress? {
        guard let socket = entry.ai_addr else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let bytes: [UInt8]
        switch entry.ai_family {
        case AF_INET:
            bytes = UnsafeRawPointer(socket).withMemoryRebound(to: sockaddr_in.self, capacity: 1) { socket in
                withUnsafeBytes(of: socket.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            bytes = UnsafeRawPointer(socket).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { socket in
                withUnsafeBytes(of: socket.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
        guard inet_ntop(entry.ai_family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
        return NetworkAddress(
            bytes: bytes, text: String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
    }
}

public import FlockCore
import Foundation
import NIOCore

extension DaemonError {
    /// - Parameter setting: the key that moves the port elsewhere.
    public static func portInUse(_ address: ListenAddress, setting: String) -> DaemonError {
        let owner = PortOwner.of(port: address.port).map { " by \($0.command) (process \($0.pid))" } ?? ""
        return DaemonError(
            .portInUse, "port \(address.port) is taken\(owner)",
            hint:
                "Stop that program, or choose another address: --set \(setting)=\(address.host):PORT, or \(setting) in flock.yaml."
        )
    }

    /// What a failure to listen means to the person who started the program.
    public static func listening(on address: ListenAddress, setting: String, failed error: any Error) -> DaemonError {
        guard let error = error as? IOError, error.errnoCode == EADDRINUSE else {
            return DaemonError(
                .cannotListen, "cannot listen on \(address): \(error)",
                hint: "Choose another address with --set \(setting)=HOST:PORT.")
        }
        return portInUse(address, setting: setting)
    }
}

/// Finds out before anything starts whether the addresses are free. They are bound, and not listened at: a connection
/// that was taken in that moment would never be served.
public enum PortCheck {
    /// - Parameter addresses: each with the key that moves it elsewhere.
    public static func requireFree(_ addresses: [(address: ListenAddress, setting: String)]) throws {
        for (address, setting) in addresses where address.port != 0 {
            do {
                let host = address.host == "*" ? "0.0.0.0" : address.host
                try bind(SocketAddress.makeAddressResolvingHost(host, port: address.port))
            } catch {
                throw DaemonError.listening(on: address, setting: setting, failed: error)
            }
        }
    }

    private static func bind(_ address: SocketAddress) throws {
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        defer { close(descriptor) }
        // Connections of one who listened before may be remembered for a minute.
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let result = unsafe address.withSockAddr { unsafe Foundation.bind(descriptor, $0, socklen_t($1)) }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
    }
}

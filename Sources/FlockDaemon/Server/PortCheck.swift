public import FlockCore
import NIOCore
import NIOPosix

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

/// Finds out before anything starts whether the addresses are free.
public enum PortCheck {
    /// - Parameter addresses: each with the key that moves it elsewhere.
    public static func requireFree(_ addresses: [(address: ListenAddress, setting: String)]) async throws {
        for (address, setting) in addresses where address.port != 0 {
            do {
                let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .bind(host: address.host == "*" ? "0.0.0.0" : address.host, port: address.port).get()
                try await channel.close()
            } catch {
                throw DaemonError.listening(on: address, setting: setting, failed: error)
            }
        }
    }
}

import NIOCore
import NIOPosix

/// Whether somebody listens on a port of loopback.
func accepts(_ port: Int) async -> Bool {
    let channel = try? await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: "127.0.0.1", port: port).get()
    try? await channel?.close()
    return channel != nil
}

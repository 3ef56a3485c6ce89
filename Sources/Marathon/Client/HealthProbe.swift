public import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a task once whether it serves, as Marathon's health check would.
public struct HealthProbe: Sendable {
    private let http: HTTPClient

    /// - Parameter http: one that does not retry refused connections, as ``MarathonClient/httpConfiguration``.
    public init(http: HTTPClient) {
        self.http = http
    }

    /// - Parameter timeout: for all of it.
    /// - Returns: why it does not serve; `nil` when it does.
    public func ask(_ check: HealthCheck?, host: String, ports: [Int], timeout: Duration) async -> String? {
        let index = check?.portIndex ?? 0
        guard ports.indices.contains(index) else { return "has no port \(index)" }
        let limit = TimeAmount.nanoseconds(Int64(timeout / .nanoseconds(1)))
        do {
            guard let check, check.protocol.hasSuffix("HTTP") else {
                let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connectTimeout(limit).connect(host: host, port: ports[index]).get()
                try await channel.close()
                return nil
            }
            let path = check.path ?? "/"
            var request = HTTPClientRequest(url: "http://\(host):\(ports[index])\(path)")
            request.headers.add(name: "User-Agent", value: "flock health check")
            request.headers.add(name: "Connection", value: "close")
            let status = try await http.execute(request, timeout: limit).status.code
            return (200..<400).contains(Int(status)) ? nil : "answered \(status) to \(path)"
        } catch {
            return "\(error)"
        }
    }
}

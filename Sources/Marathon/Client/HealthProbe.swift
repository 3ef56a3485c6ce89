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

    /// - Parameters:
    ///   - check: any but COMMAND, which only the task's machine can run; `nil` asks for a connection.
    ///   - timeout: for all of it.
    /// - Returns: why it does not serve; `nil` when it does.
    public func ask(_ check: HealthCheck?, host: String, ports: [Int], timeout: Duration) async -> String? {
        let index = check?.portIndex ?? 0
        guard let port = check?.port ?? (ports.indices.contains(index) ? ports[index] : nil) else {
            return "has no port \(index)"
        }
        do {
            guard let check, let scheme = Self.scheme(of: check) else {
                let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .connectTimeout(Self.limit(timeout)).connect(host: host, port: port).get()
                try await channel.close()
                return nil
            }
            let path = check.path ?? "/"
            let status = try await get("\(scheme)://\(host):\(port)\(path)", timeout)
            if check.ignoreHttp1xx == true && (100..<200).contains(status) { return nil }
            return (200..<400).contains(status) ? nil : "answered \(status) to \(path)"
        } catch {
            return "\(error)"
        }
    }

    /// The status that a path is answered with; `nil` when there is no answer.
    public func status(scheme: String, host: String, port: Int, path: String, timeout: Duration) async -> Int? {
        try? await get("\(scheme)://\(host):\(port)\(path)", timeout)
    }

    private func get(_ url: String, _ timeout: Duration) async throws -> Int {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "User-Agent", value: "flock health check")
        request.headers.add(name: "Connection", value: "close")
        return Int(try await http.execute(request, timeout: Self.limit(timeout)).status.code)
    }

    private static func limit(_ timeout: Duration) -> TimeAmount { .nanoseconds(Int64(timeout / .nanoseconds(1))) }

    private static func scheme(of check: HealthCheck) -> String? {
        switch check.protocol {
        case "HTTP", "MESOS_HTTP": "http"
        case "HTTPS", "MESOS_HTTPS": "https"
        default: nil
        }
    }
}

public import Foundation

/// Where a part of Flock is asked: by its unix socket on this machine, or at an address of another one.
public enum PartAddress: Codable, Sendable, Hashable, CustomStringConvertible {
    /// `local` in flock.yaml.
    case local
    /// `https`, or `http` on loopback.
    case remote(URL)

    public init?(_ text: String) {
        if text == "local" {
            self = .local
            return
        }
        guard let url = URL(string: text), let host = url.host, !host.isEmpty, url.port != nil, url.user == nil,
            ["", "/"].contains(url.path), url.query == nil, url.fragment == nil,
            url.scheme == "https" || (url.scheme == "http" && ListenAddress.isLoopback(host))
        else { return nil }
        self = .remote(url)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = PartAddress(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\"\(text)\" is not where a part is asked; write local or https://HOST:PORT (http on loopback only)"
            )
        }
        self = address
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String {
        switch self {
        case .local: "local"
        case .remote(let url): url.absoluteString
        }
    }
}

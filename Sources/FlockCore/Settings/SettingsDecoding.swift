import Foundation

// Each part refuses keys it does not have and values out of range; the error's coding path leads to the line.

extension Settings {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case domain, state, marathon, marathonToken, http, https, stats, hook, backup, scaler, engine, parts
    }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        domain = try container.decode(HostDomain.self, forKey: .domain)
        state = try container.decode(String.self, forKey: .state)
        marathon = try container.decodeIfPresent([BaseAddress].self, forKey: .marathon)?.map(\.url)
        if marathon?.isEmpty == true { marathon = nil }
        marathonToken = try container.decode(SecretFile.self, forKey: .marathonToken)
        http = try container.decode(HTTP.self, forKey: .http)
        https = try container.decode(HTTPS.self, forKey: .https)
        stats = try container.decode(Stats.self, forKey: .stats)
        hook = try container.decode(Hook.self, forKey: .hook)
        backup = try container.decode(Backup.self, forKey: .backup)
        scaler = try container.decode(Scaler.self, forKey: .scaler)
        engine = try container.decode(Engine.self, forKey: .engine)
        parts = try container.decode(Parts.self, forKey: .parts)
    }
}

/// An `http` or `https` address.
struct BaseAddress: Decodable {
    var url: URL

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not an address; write http://HOST:PORT")
        }
        self.url = url
    }
}

extension Settings.HTTP {
    enum CodingKeys: String, CodingKey, CaseIterable { case listen, style, log }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        listen = try container.decode(ListenAddress.self, forKey: .listen)
        style = try container.decode(Style.self, forKey: .style)
        log = try container.decode(Settings.RequestLog.self, forKey: .log)
    }
}

extension Settings.RequestLog {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        switch try container.decode(String.self) {
        case "none": self = .none
        case "stdout": self = .stdout
        case "file": self = .file("")
        case let path where path.contains("/"): self = .file(path)
        case let text:
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\"\(text)\" is not known; use none, stdout, file or a path such as /var/log/flock.log")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .none: try container.encode("none")
        case .stdout: try container.encode("stdout")
        case .file(let path): try container.encode(path.isEmpty ? "file" : path)
        }
    }
}

extension Settings.HTTPS {
    enum CodingKeys: String, CodingKey, CaseIterable { case listen, certificates, redirect, hsts, acme }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if try container.decodeIfPresent(String.self, forKey: .listen)?.isEmpty == false {
            listen = try container.decode(ListenAddress.self, forKey: .listen)
        }
        certificates = try container.decode(String.self, forKey: .certificates)
        redirect = try container.decode(Bool.self, forKey: .redirect)
        hsts = try container.decode(TimeSpan.self, forKey: .hsts)
        if let app = try container.decodeIfPresent(String.self, forKey: .acme), !app.isEmpty {
            guard Slug(app) != nil || AppID.isValid(app) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .acme, in: container,
                    debugDescription: "\"\(app)\" is no app; write its name, as in acme, or its id, as in /acme-1.0.0")
            }
            acme = app
        }
    }
}

extension Settings.Stats {
    enum CodingKeys: String, CodingKey, CaseIterable { case listen }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        listen = try decoder.container(keyedBy: CodingKeys.self).decode(ListenAddress.self, forKey: .listen)
    }
}

extension Settings.HTTP.Style {
    public init(from decoder: any Decoder) throws {
        self = try Self(choice: decoder)
    }
}

extension Settings.SecretFile {
    enum CodingKeys: String, CodingKey, CaseIterable { case file }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        file = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .file)
    }
}

extension Settings.Backup {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case listen, hold, page, pages, maxHeldPerApp, maxHeld, servers
    }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        listen = try container.decode(ListenAddress.self, forKey: .listen)
        hold = try container.decode(TimeSpan.self, forKey: .hold)
        page = try container.decode(TimeSpan.self, forKey: .page)
        pages = try container.decode(String.self, forKey: .pages)
        maxHeldPerApp = try container.decode(.maxHeldPerApp, in: 1...1_000_000)
        maxHeld = try container.decode(.maxHeld, in: 1...1_000_000)
        servers = try container.decode([ListenAddress].self, forKey: .servers)
    }
}

extension Settings.Scaler {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case every, idleAfter, minAwake, awake, target, concurrency, requestsPerSecond, min, max, window, burstWindow
        case burstFactor, maxUp, maxDown, scaleDownDelay, haproxy, ignore
    }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        every = try container.decode(TimeSpan.self, forKey: .every)
        guard every.duration >= .milliseconds(100) else {
            throw DecodingError.dataCorruptedError(
                forKey: .every, in: container, debugDescription: "\(every) is too short; use 100ms or more")
        }
        idleAfter = try container.decode(TimeSpan.self, forKey: .idleAfter)
        minAwake = try container.decode(TimeSpan.self, forKey: .minAwake)
        awake = try container.decode([AwakeSchedule].self, forKey: .awake)
        requestsPerSecond = try container.decode(.requestsPerSecond, in: ScaleOverrides.rates)
        target = try container.decode(.target, in: 0.01...1)
        concurrency = try container.decode(.concurrency, in: 1...100_000)
        min = try container.decode(.min, in: 0...10_000)
        max = try container.decode(.max, in: 1...10_000)
        guard min <= max else {
            throw DecodingError.dataCorruptedError(
                forKey: .min, in: container, debugDescription: "min \(min) is more than max \(max)")
        }
        window = try container.decode(TimeSpan.self, forKey: .window)
        burstWindow = try container.decode(TimeSpan.self, forKey: .burstWindow)
        guard window.duration >= .seconds(1), window.duration <= .seconds(3600) else {
            throw DecodingError.dataCorruptedError(
                forKey: .window, in: container, debugDescription: "\(window) is out of range; use 1s to 1h")
        }
        guard window.duration <= every.duration * 1000 else {
            throw DecodingError.dataCorruptedError(
                forKey: .window, in: container,
                debugDescription: "\(window) holds more than 1000 looks; use less, or a longer every than \(every)")
        }
        guard burstWindow.duration > .zero, burstWindow.duration <= window.duration else {
            throw DecodingError.dataCorruptedError(
                forKey: .burstWindow, in: container,
                debugDescription: "\(burstWindow) is out of range; use no more than window, which is \(window)")
        }
        burstFactor = try container.decode(.burstFactor, in: 1...1000)
        maxUp = try container.decode(.maxUp, in: 1.01...1000)
        maxDown = try container.decode(.maxDown, in: 1.01...1000)
        scaleDownDelay = try container.decode(TimeSpan.self, forKey: .scaleDownDelay)
        haproxy = try container.decode([BaseAddress].self, forKey: .haproxy).map(\.url)
        ignore = try container.decode(Settings.Ignore.self, forKey: .ignore)
    }
}

extension Settings.Ignore {
    enum CodingKeys: String, CodingKey, CaseIterable { case userAgents, paths, status }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        userAgents = try container.decode([UserAgentPattern].self, forKey: .userAgents)
        paths = try container.decode([PathPattern].self, forKey: .paths)
        status = try container.decode(.status, in: 200...599)
    }
}

extension Settings.Engine {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case listen, ports, cpus, mem, disk, isolation, access, requestsPerSecond
    }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        listen = try container.decode(ListenAddress.self, forKey: .listen)
        ports = try container.decode(PortRange.self, forKey: .ports)
        cpus = try container.decode(Amount.self, forKey: .cpus)
        mem = try container.decode(Amount.self, forKey: .mem)
        disk = try container.decode(Amount.self, forKey: .disk)
        isolation = try container.decode(Isolation.self, forKey: .isolation)
        access = try container.decode(Access.self, forKey: .access)
        requestsPerSecond = try container.decode(.requestsPerSecond, in: 1...1_000_000)
    }
}

extension Settings.Parts {
    enum CodingKeys: String, CodingKey, CaseIterable { case token, certificate, authority, haproxy, backup }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        token = try container.decode(Settings.SecretFile.self, forKey: .token)
        certificate = try container.decode(Settings.SecretFile.self, forKey: .certificate)
        authority = try container.decode(Settings.SecretFile.self, forKey: .authority)
        haproxy = try container.decode(Nodes.self, forKey: .haproxy)
        backup = try container.decode(Nodes.self, forKey: .backup)
        let listens = [haproxy.listen, backup.listen].compactMap(\.self)
        let usesToken = !listens.isEmpty || (haproxy.nodes + backup.nodes).contains { $0 != .local }
        if usesToken && token.file.isEmpty {
            throw DecodingError.dataCorruptedError(
                forKey: .token, in: container,
                debugDescription: "is needed between machines; write {file: PATH} of a file with 32 random characters")
        }
        if certificate.file.isEmpty, let open = listens.first(where: { !$0.isLoopback }) {
            throw DecodingError.dataCorruptedError(
                forKey: .certificate, in: container,
                debugDescription: "is needed to listen on \(open), which is not loopback; write {file: PATH}")
        }
    }
}

extension Settings.Parts.Nodes {
    enum CodingKeys: String, CodingKey, CaseIterable { case listen, nodes }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let isOff = try container.decode(String.self, forKey: .listen).isEmpty
        listen = isOff ? nil : try container.decode(ListenAddress.self, forKey: .listen)
        nodes = try container.decode([PartAddress].self, forKey: .nodes)
        guard !nodes.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .nodes, in: container, debugDescription: "names nobody; write [local] for this machine's own")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(listen?.description ?? "", forKey: .listen)
        try container.encode(nodes, forKey: .nodes)
    }
}

extension Settings.Engine.Isolation {
    public init(from decoder: any Decoder) throws {
        self = try Self(choice: decoder)
    }
}

extension Settings.Engine.Access {
    public init(from decoder: any Decoder) throws {
        self = try Self(choice: decoder)
    }
}

extension RawRepresentable where Self: CaseIterable, RawValue == String {
    init(choice decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(rawValue: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription:
                    "\"\(text)\" is not known; use \(Self.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        self = value
    }
}

import Foundation

extension Descriptor {
    /// Reads a package.json.
    /// - Throws: ``DescriptorError`` or ``NameError`` for the first thing that is wrong.
    public init(packageJSON bytes: [UInt8]) throws {
        let document: JSONValue
        do {
            document = try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
        } catch {
            throw DescriptorError(
                .notJSON, message: "is not valid JSON; check it with \"node -p 'require(`./package.json`)'\"")
        }
        let root = try Reader(document, at: nil)

        slug = try root.name()
        version = try root.version()

        let flock = try root.object("flock") ?? Reader(.object([:]), at: "flock")
        try flock.allow(["instances", "cpus", "mem", "ports", "cmd", "env", "hosts", "checks", "scale", "http"])
        instances = try flock.integer("instances", in: 0...1000) ?? 1
        cpus = try flock.number("cpus", in: 0.01...1024) ?? 0.1
        // Node 20 does not start well in less than 64 MiB.
        mem = try flock.number("mem", in: 1...1_048_576) ?? 128
        ports = try flock.integer("ports", in: 0...16) ?? 1
        env = try flock.strings("env")
        hosts = try flock.hosts("hosts")
        scale = try flock.scale()
        http = try flock.object("http")?.http() ?? HTTPOptions()
        let portCount = ports
        checks = try (root.list("checks") ?? flock.list("checks") ?? []).map { try $0.check(ports: portCount) }
        if checks.isEmpty && ports > 0 { checks = [.standard] }
        guard let command = try flock.string("cmd") ?? root.object("scripts")?.string("start"), command.count > 1 else {
            throw DescriptorError(
                .noCommand, key: "scripts.start",
                message:
                    "is missing, so nothing says how to start the program; add \"scripts\": {\"start\": \"node server.js\"}"
            )
        }
        self.command = command
    }
}

extension Descriptor.Check {
    fileprivate static let standard = Self(
        path: "/", portIndex: 0, interval: .seconds(10), timeout: .seconds(5), grace: .seconds(30),
        maxConsecutiveFailures: 3)
}

/// An object of the document and the key that leads to it.
private struct Reader {
    var keys: [String: JSONValue]
    var path: String?

    init(_ value: JSONValue, at path: String?) throws(DescriptorError) {
        guard case .object(let keys) = value else {
            throw DescriptorError(.wrongType, key: path, message: "is \(value.spoken); it has to be an object")
        }
        self.keys = keys
        self.path = path
    }

    func full(_ key: String) -> String { path.map { "\($0).\(key)" } ?? key }

    func value(_ key: String) -> JSONValue? {
        guard let value = keys[key], value != .null else { return nil }
        return value
    }

    func wrong(_ key: String, _ value: JSONValue, _ right: String) -> DescriptorError {
        DescriptorError(.wrongType, key: full(key), message: "is \(value.spoken); it has to be \(right)")
    }

    func allow(_ known: [String]) throws(DescriptorError) {
        for key in keys.keys.sorted() where !known.contains(key) {
            throw DescriptorError(
                .unknownKey, key: full(key), message: "is not known; \(Nearest.hint(for: key, among: known))")
        }
    }

    func object(_ key: String) throws(DescriptorError) -> Reader? {
        guard let value = value(key) else { return nil }
        return try Reader(value, at: full(key))
    }

    func list(_ key: String) throws(DescriptorError) -> [Reader]? {
        guard let value = value(key) else { return nil }
        guard case .array(let items) = value else { throw wrong(key, value, "a list") }
        guard items.count <= 16 else {
            throw DescriptorError(.outOfRange, key: full(key), message: "has \(items.count) entries; use at most 16")
        }
        var readers: [Reader] = []
        for (index, item) in items.enumerated() { readers.append(try Reader(item, at: "\(full(key))[\(index)]")) }
        return readers
    }

    func string(_ key: String) throws(DescriptorError) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value else { throw wrong(key, value, "a string") }
        return text
    }

    func number(_ key: String, in range: ClosedRange<Double>) throws(DescriptorError) -> Double? {
        guard let value = value(key) else { return nil }
        guard case .number(let number) = value else { throw wrong(key, value, "a number") }
        guard range.contains(number) else {
            let (low, high) = (JSONValue.number(range.lowerBound).spoken, JSONValue.number(range.upperBound).spoken)
            throw DescriptorError(.outOfRange, key: full(key), message: "is \(value.spoken); use \(low) to \(high)")
        }
        return number
    }

    func bool(_ key: String) throws(DescriptorError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .bool(let bool) = value else { throw wrong(key, value, "true or false") }
        return bool
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(DescriptorError) -> Int? {
        guard let number = try number(key, in: Double(range.lowerBound)...Double(range.upperBound)) else { return nil }
        guard let integer = Int(exactly: number) else { throw wrong(key, .number(number), "a whole number") }
        return integer
    }

    func span(_ key: String) throws(DescriptorError) -> TimeSpan? {
        guard let text = try string(key) else { return nil }
        guard let span = TimeSpan(text) else {
            throw wrong(key, .string(text), "a length of time such as \"30s\" or \"5m\"")
        }
        return span
    }

    func span(_ key: String, in range: ClosedRange<Duration>) throws(DescriptorError) -> TimeSpan? {
        guard let span = try span(key) else { return nil }
        guard range.contains(span.duration) else {
            throw DescriptorError(
                .outOfRange, key: full(key),
                message: "is \(span); use \(TimeSpan(range.lowerBound)) to \(TimeSpan(range.upperBound))")
        }
        return span
    }

    func strings(_ key: String) throws(DescriptorError) -> [String: String] {
        guard let object = try object(key) else { return [:] }
        var result: [String: String] = [:]
        for (name, value) in object.keys {
            guard case .string(let text) = value else { throw object.wrong(name, value, "a string") }
            let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") }
            guard isName, !text.utf8.contains(0) else {
                throw DescriptorError(
                    .outOfRange, key: object.full(name), message: "is no name or value for an environment variable")
            }
            result[name] = text
        }
        return result
    }

    func hosts(_ key: String) throws(DescriptorError) -> [HostRoute] {
        guard let value = value(key) else { return [] }
        guard case .array(let items) = value else { throw wrong(key, value, "a list of host names") }
        var hosts: [HostRoute] = []
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item, let host = HostRoute(text) else {
                throw wrong(
                    "\(key)[\(index)]", item,
                    "a host name such as \"shop.example.org\" or a path of one, \"example.org/shop\"")
            }
            hosts.append(host)
        }
        return hosts
    }

    // MARK: What the keys mean

    func name() throws -> Slug {
        guard case .string(let name)? = keys["name"] else {
            let found = value("name").map { "is \($0.spoken)" } ?? "is missing"
            throw NameError(code: .nameMissing, message: "package.json: name: \(found); add \"name\": \"my-app\"")
        }
        do {
            return try Slug(packageName: name)
        } catch {
            throw NameError(code: error.code, message: "package.json: name: \(error.message)")
        }
    }

    func version() throws -> AppVersion {
        // npm init always writes one; a program without is at its beginning.
        guard let value = keys["version"] else { return try AppVersion("0.0.0") }
        guard case .string(let version) = value else {
            throw NameError(
                code: .versionMissing,
                message: "package.json: version: is \(value.spoken); it has to be a string such as \"1.0.1\"")
        }
        do {
            return try AppVersion(version)
        } catch {
            throw NameError(code: error.code, message: "package.json: version: \(error.message)")
        }
    }

    func scale() throws(DescriptorError) -> ScaleOverrides {
        var scale = ScaleOverrides()
        guard let reader = try object("scale") else { return scale }
        try reader.allow([
            "min", "max", "target", "concurrency", "requestsPerSecond", "idleAfter", "minAwake", "scaleDownDelay",
            "wake", "awake",
        ])
        scale.min = try reader.integer("min", in: 0...1000)
        scale.max = try reader.integer("max", in: 1...1000)
        scale.target = try reader.number("target", in: 0.01...1)
        scale.concurrency = try reader.integer("concurrency", in: 1...100_000)
        scale.requestsPerSecond = try reader.number("requestsPerSecond", in: ScaleOverrides.rates)
        scale.idleAfter = try reader.span("idleAfter")
        scale.minAwake = try reader.span("minAwake")
        scale.scaleDownDelay = try reader.span("scaleDownDelay")
        scale.wake = try reader.integer("wake", in: 1...1000)
        scale.awake = try reader.schedules("awake")
        return scale
    }

    private func schedules(_ key: String) throws(DescriptorError) -> [AwakeSchedule]? {
        guard let value = value(key) else { return nil }
        guard case .array(let items) = value, items.count <= ScaleOverrides.mostSchedules else {
            throw wrong(
                key, value,
                "a list of at most \(ScaleOverrides.mostSchedules) schedules such as \"weekdays 08:00-19:00 Europe/Madrid\""
            )
        }
        var schedules: [AwakeSchedule] = []
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item else { throw wrong("\(key)[\(index)]", item, "a string") }
            do {
                schedules.append(try AwakeSchedule(text))
            } catch {
                throw DescriptorError(.outOfRange, key: "\(full(key))[\(index)]", message: "is no schedule: \(error)")
            }
        }
        return schedules
    }

    func http() throws(DescriptorError) -> HTTPOptions {
        try allow(["sticky", "users", "allow", "rate", "timeout", "h2"])
        var http = HTTPOptions()
        http.sticky = try bool("sticky")
        http.h2 = try bool("h2")
        if let users = try object("users") {
            http.users = try users.users()
        }
        http.allow = try networks("allow")
        if let rate = try object("rate") {
            try rate.allow(["requests", "per"])
            http.rate = HTTPOptions.Rate(
                requests: try rate.integer("requests", in: HTTPOptions.Rate.requestsRange) ?? 100,
                per: try rate.span("per", in: HTTPOptions.Rate.spanRange) ?? TimeSpan(.seconds(10)))
        }
        http.timeout = try span("timeout", in: HTTPOptions.timeoutRange)
        return http
    }

    private func users() throws(DescriptorError) -> [String: PasswordHash] {
        guard (1...HTTPOptions.mostUsers).contains(keys.count) else {
            throw DescriptorError(
                .outOfRange, key: path, message: "has \(keys.count) users; use 1 to \(HTTPOptions.mostUsers)")
        }
        var users: [String: PasswordHash] = [:]
        for (name, value) in keys.sorted(by: { $0.key < $1.key }) {
            guard HTTPOptions.isUser(name) else {
                throw DescriptorError(
                    .outOfRange, key: full(name), message: "is no name of a user; use letters, digits and . _ @ -")
            }
            // What stands there may be the password itself: it is not repeated.
            guard case .string(let text) = value, let hash = PasswordHash(text) else {
                throw DescriptorError(
                    .wrongType, key: full(name),
                    message: "is no hash of a password; write what \"openssl passwd -5\" prints")
            }
            users[name] = hash
        }
        return users
    }

    private func networks(_ key: String) throws(DescriptorError) -> [IPNetwork]? {
        guard let value = value(key) else { return nil }
        guard case .array(let items) = value, (1...HTTPOptions.mostNetworks).contains(items.count) else {
            throw wrong(key, value, "a list of 1 to \(HTTPOptions.mostNetworks) networks such as \"10.0.0.0/8\"")
        }
        var networks: [IPNetwork] = []
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item, let network = IPNetwork(text) else {
                throw wrong("\(key)[\(index)]", item, "a network such as \"10.0.0.0/8\" or \"2001:db8::/32\"")
            }
            networks.append(network)
        }
        return networks
    }

    func check(ports: Int) throws(DescriptorError) -> Descriptor.Check {
        try allow([
            "path", "protocol", "portIndex", "intervalSeconds", "timeoutSeconds", "gracePeriodSeconds",
            "maxConsecutiveFailures",
        ])
        let kind = try string("protocol") ?? "HTTP"
        guard kind == "HTTP" || kind == "TCP" else {
            throw wrong("protocol", .string(kind), "\"HTTP\" or \"TCP\"")
        }
        let path = try string("path") ?? "/"
        let isPath =
            path.hasPrefix("/") && path.utf8.count <= 1024
            && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !Array("\"'\\<>^`{|}".utf8).contains($0) }
        guard isPath else { throw wrong("path", .string(path), "a path such as \"/health\"") }
        guard ports > 0 else {
            throw DescriptorError(.outOfRange, key: self.path, message: "cannot be checked: the program has no port")
        }
        let defaults = Descriptor.Check.standard
        func seconds(_ key: String, _ fallback: Duration) throws(DescriptorError) -> Duration {
            try number(key, in: 0.1...86_400).map { .seconds($0) } ?? fallback
        }
        return Descriptor.Check(
            path: kind == "HTTP" ? path : nil,
            portIndex: try integer("portIndex", in: 0...(ports - 1)) ?? 0,
            interval: try seconds("intervalSeconds", defaults.interval),
            timeout: try seconds("timeoutSeconds", defaults.timeout),
            grace: try seconds("gracePeriodSeconds", defaults.grace),
            maxConsecutiveFailures: try integer("maxConsecutiveFailures", in: 0...1000)
                ?? defaults.maxConsecutiveFailures)
    }
}

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
        try flock.allow(["instances", "cpus", "mem", "ports", "cmd", "env", "hosts", "checks", "scale"])
        instances = try flock.integer("instances", in: 0...1000) ?? 1
        cpus = try flock.number("cpus", in: 0.01...1024) ?? 0.1
        // Node 20 does not start well in less than 64 MiB.
        mem = try flock.number("mem", in: 1...1_048_576) ?? 128
        ports = try flock.integer("ports", in: 0...16) ?? 1
        env = try flock.strings("env")
        hosts = try flock.hosts("hosts")
        scale = try flock.scale()
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

    func hosts(_ key: String) throws(DescriptorError) -> [HostName] {
        guard let value = value(key) else { return [] }
        guard case .array(let items) = value else { throw wrong(key, value, "a list of host names") }
        var hosts: [HostName] = []
        for (index, item) in items.enumerated() {
            guard case .string(let text) = item, let host = HostName(text) else {
                throw wrong("\(key)[\(index)]", item, "a host name such as \"shop.example.org\"")
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
        try reader.allow(["min", "max", "target", "concurrency", "idleAfter", "scaleDownDelay", "wake"])
        scale.min = try reader.integer("min", in: 0...1000)
        scale.max = try reader.integer("max", in: 1...1000)
        scale.target = try reader.number("target", in: 0.01...1)
        scale.concurrency = try reader.integer("concurrency", in: 1...100_000)
        scale.idleAfter = try reader.span("idleAfter")
        scale.scaleDownDelay = try reader.span("scaleDownDelay")
        scale.wake = try reader.integer("wake", in: 1...1000)
        return scale
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

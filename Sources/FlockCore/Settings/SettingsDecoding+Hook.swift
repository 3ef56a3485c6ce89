extension Settings.Hook {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case listen, artifacts, healthTimeout, keep, authority, builders, resync, repositories, build, secrets, consul
    }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        listen = try container.decode(ListenAddress.self, forKey: .listen)
        artifacts = try container.decode(ListenAddress.self, forKey: .artifacts)
        healthTimeout = try container.decode(TimeSpan.self, forKey: .healthTimeout)
        keep = try container.decode(.keep, in: 0...1000)
        authority = try container.decode(Settings.SecretFile.self, forKey: .authority)
        builders = try container.decode(.builders, in: 1...100)
        resync = try container.decode(TimeSpan.self, forKey: .resync)
        guard resync.duration >= .seconds(1) else {
            throw DecodingError.dataCorruptedError(
                forKey: .resync, in: container, debugDescription: "\(resync) is too short; use 1s or more")
        }
        repositories = try container.decode([Settings.Repository].self, forKey: .repositories)
        build = try container.decode(Settings.Build.self, forKey: .build)
        secrets = try container.decode(Settings.Secrets.self, forKey: .secrets)
        consul = try container.decode(Settings.Consul.self, forKey: .consul)
        try rejectTwins(at: container.codingPath + [CodingKeys.repositories])
    }

    /// Two entries of one program would both deploy it.
    private func rejectTwins(at path: [any CodingKey]) throws {
        var seen: [String: Int] = [:]
        for (index, repository) in repositories.enumerated() {
            guard let first = seen.updateValue(index, forKey: repository.program) else { continue }
            let key: Settings.Repository.CodingKeys = repository.path.isEmpty ? .url : .path
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: path + [Position(index), key],
                    debugDescription:
                        "the program \(repository.program) is repositories[\(first)] already; each program of a "
                        + "repository has a path of its own"))
        }
    }

    private struct Position: CodingKey {
        var index: Int
        var stringValue: String { "\(index)" }
        var intValue: Int? { index }
        init(_ index: Int) { self.index = index }
        init?(stringValue: String) { nil }
        init?(intValue: Int) { index = intValue }
    }
}

extension Settings.Secrets {
    enum CodingKeys: String, CodingKey, CaseIterable { case folder }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        folder = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .folder)
    }
}

extension Settings.Consul {
    enum CodingKeys: String, CodingKey, CaseIterable { case url, prefix, token, register }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if try !container.decode(String.self, forKey: .url).isEmpty {
            url = try container.decode(BaseAddress.self, forKey: .url).url
        }
        prefix = try container.decode(String.self, forKey: .prefix)
        guard EnvironmentValue.isConsulKey(prefix) else {
            throw DecodingError.dataCorruptedError(
                forKey: .prefix, in: container,
                debugDescription: "\"\(prefix)\" is no beginning of keys; write for example service")
        }
        token = try container.decode(Settings.SecretFile.self, forKey: .token)
        if try !container.decode(String.self, forKey: .register).isEmpty {
            register = try container.decode(ListenAddress.self, forKey: .register)
        }
    }
}

extension Settings.Build {
    enum CodingKeys: String, CodingKey, CaseIterable { case timeout, cpus, mem, cache }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        timeout = try container.decode(TimeSpan.self, forKey: .timeout)
        cpus = try container.decode(.cpus, in: 0.01...1024)
        mem = try container.decode(.mem, in: 32...1_048_576)
        cache = try container.decode(.cache, in: 0...1_048_576)
    }
}

extension Settings.Repository {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case url, secret, token, key, hostKeys, allow, branches, poll, path, watch, report, slack, pullRequests
    }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectKeys(otherThan: CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        url = try container.decode(String.self, forKey: .url)
        allow = try container.decodeIfPresent([Allowance].self, forKey: .allow) ?? []
        let isHTTP = url.hasPrefix("http://") && allow.contains(.http)
        let isSSH = url.hasPrefix("ssh://") || url.wholeMatch(of: #/[^@:/]+@[^@:/]+:.+/#) != nil
        guard url.hasPrefix("https://") || isHTTP || isSSH || url.hasPrefix("/") else {
            throw DecodingError.dataCorruptedError(
                forKey: .url, in: container,
                debugDescription:
                    "\"\(url)\" is neither https://… nor ssh://… nor the absolute path of a bare repository"
                    + (url.hasPrefix("http://") ? "; http needs \"allow: [http]\"" : ""))
        }
        token = try container.decodeIfPresent(Settings.SecretFile.self, forKey: .token)
        key = try container.decodeIfPresent(Settings.SecretFile.self, forKey: .key)
        hostKeys = try container.decodeIfPresent([HostKey].self, forKey: .hostKeys) ?? []
        secret = try container.decode(Secrets.self, forKey: .secret)
        branches = try container.decode([String: Environment].self, forKey: .branches)
        pullRequests = try container.decodeIfPresent(Bool.self, forKey: .pullRequests) ?? false
        report = try container.decodeIfPresent(Report.self, forKey: .report)
        slack = try container.decodeIfPresent(Settings.SecretFile.self, forKey: .slack)
        if let report, report.api == nil || report.project == nil, !url.hasPrefix("https://") {
            throw DecodingError.dataCorruptedError(
                forKey: .report, in: container,
                debugDescription: "api and project are needed where url is not https://…; write api: https://… and "
                    + "project: OWNER/NAME")
        }
        poll = try container.decodeIfPresent(TimeSpan.self, forKey: .poll)
        if let poll, poll.duration < .seconds(1) {
            throw DecodingError.dataCorruptedError(
                forKey: .poll, in: container, debugDescription: "\(poll) is too short; use 1s or more")
        }
        path = try container.decodeIfPresent(String.self, forKey: .path) ?? ""
        let isInside = path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0)
        }
        guard path.isEmpty || isInside else {
            throw DecodingError.dataCorruptedError(
                forKey: .path, in: container,
                debugDescription: "\"\(path)\" is no folder within a repository; write for example apps/shop")
        }
        watch = try container.decodeIfPresent([String].self, forKey: .watch) ?? []
        if let wrong = watch.first(where: { $0.isEmpty || $0.hasPrefix("/") || $0.utf8.count > 1024 }) {
            throw DecodingError.dataCorruptedError(
                forKey: .watch, in: container,
                debugDescription: "\"\(wrong)\" is no pattern of paths; write for example apps/shop/** or *.json")
        }
    }
}

extension Settings.Repository.Secrets {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if (try? decoder.unkeyedContainer()) != nil {
            let list = try container.decode([Settings.SecretFile].self)
            guard (1...2).contains(list.count) else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "\(list.count) secrets; write one {file: PATH}, or the new and the old one")
            }
            files = list.map(\.file)
        } else {
            files = [try container.decode(Settings.SecretFile.self).file]
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(files.map { Settings.SecretFile(file: $0) })
    }
}

extension Settings.Repository.Allowance {
    public init(from decoder: any Decoder) throws {
        self = try Self(choice: decoder)
    }
}

extension Settings.Repository.Environment {
    public init(from decoder: any Decoder) throws {
        self = try Self(choice: decoder)
    }
}

import Foundation

extension Descriptor {
    /// Reads a package.json that stands alone.
    /// - Throws: all that is wrong in it.
    public init(packageJSON bytes: [UInt8]) throws(DescriptorProblems) {
        try self.init(ProgramFiles(packageJSON: bytes))
    }

    /// - Throws: all that is wrong.
    public init(_ files: ProgramFiles) throws(DescriptorProblems) {
        try self.init(files, DescriptorFindings())
    }

    /// - Parameter findings: takes what was asked for and what is wrong.
    init(_ files: ProgramFiles, _ findings: DescriptorFindings) throws(DescriptorProblems) {
        guard let bytes = files.packageJSON else {
            throw DescriptorProblems(
                DescriptorError(.fileMissing, message: "is missing; \"npm init\" in the program's folder writes one"))
        }
        guard let document = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
            throw DescriptorProblems(
                DescriptorError(
                    .notJSON, message: "is not valid JSON; check it with \"node -p 'require(`./package.json`)'\""))
        }
        let root = DescriptorObject(document, at: nil, place: "", findings)
        let descriptor = root.flatMap { Self.read($0, files) }
        if let first = findings.problems.first {
            throw DescriptorProblems(first, others: Array(findings.problems.dropFirst()))
        }
        guard let descriptor else {
            throw DescriptorProblems(DescriptorError(.wrongType, message: "cannot be read"))
        }
        self = descriptor
    }

    /// - Returns: `nil` where something is noted as wrong.
    private static func read(_ root: DescriptorObject, _ files: ProgramFiles) -> Descriptor? {
        let (slug, version, package) = (root.slug(), root.appVersion(), root.package())
        let none = DescriptorObject(.object([:]), at: "flock", place: "flock", root.findings)
        guard let flock = root.value("flock") == nil ? none : root.object("flock") else { return nil }
        let ports = flock.integer("ports", in: 0...16) ?? 1
        let (instances, cpus) = (flock.integer("instances", in: 0...1000), flock.number("cpus", in: 0.01...1024))
        let mem = flock.number("mem", in: 1...1_048_576)
        let (env, hosts, checks) = (flock.environment(), flock.hosts(), root.checks(or: flock, ports: ports))
        let (scale, http) = (flock.scale(), flock.object("http")?.http())
        let (build, image, command) = (flock.build(), flock.image(), flock.string("cmd"))
        let (group, dependencies) = (flock.group(), flock.dependencies(of: slug))
        flock.close()
        let hasImage = flock.value("image") != nil
        if hasImage && build != nil {
            flock.note(.conflict, "build", "does not go with flock.image, which is built elsewhere; remove one of them")
        }
        let start = hasImage ? command : command ?? root.start(files)
        guard let slug, let version else { return nil }
        return Descriptor(
            slug: slug, version: version, command: start, instances: instances ?? 1, cpus: cpus ?? 0.1,
            // Node 20 does not start well in less than 64 MiB.
            mem: mem ?? 128, ports: ports, env: env, hosts: hosts, checks: checks, scale: scale,
            http: http ?? HTTPOptions(), build: build, image: image, group: group, dependencies: dependencies,
            package: package)
    }
}

extension DescriptorObject {
    /// What starts the program, as Heroku finds it: the Procfile, the script `start`, or `server.js`, as npm does.
    fileprivate func start(_ files: ProgramFiles) -> String? {
        let script = object("scripts")?.string("start")
        if let command = files.web ?? script, command.count > 1 { return command }
        if files.names.contains("server.js") { return "node server.js" }
        if files.names.contains("Dockerfile") {
            findings.problems.append(
                DescriptorError(
                    .noImage, file: "Dockerfile",
                    message:
                        "is not built here: build and push the image elsewhere, such as in your forge's pipeline, and "
                        + "name it in package.json: \"flock\": {\"image\": \"registry.example.org/shop:1.0.1\"}"))
        } else {
            note(
                .noCommand, "scripts.start",
                "is missing, so nothing says how to start the program; add \"scripts\": {\"start\": \"node server.js\"}"
            )
        }
        return nil
    }

    fileprivate func slug() -> Slug? {
        guard case .string(let name)? = value("name") else {
            let found = value("name").map { "is \($0.spoken)" } ?? "is missing"
            note(.init(rawValue: NameError.Code.nameMissing.rawValue), "name", "\(found); add \"name\": \"my-app\"")
            return nil
        }
        do {
            return try Slug(packageName: name)
        } catch {
            note(.init(rawValue: error.code.rawValue), "name", error.message)
            return nil
        }
    }

    fileprivate func appVersion() -> AppVersion? {
        // npm init always writes one; a program without is at its beginning.
        findings.asked("version", at: place)
        guard let value = keys["version"] else { return try? AppVersion("0.0.0") }
        guard case .string(let version) = value else {
            note(
                .init(rawValue: NameError.Code.versionMissing.rawValue), "version",
                "is \(value.spoken); it has to be a string such as \"1.0.1\"")
            return nil
        }
        do {
            return try AppVersion(version)
        } catch {
            note(.init(rawValue: error.code.rawValue), "version", error.message)
            return nil
        }
    }

    fileprivate func package() -> Descriptor.Package {
        func isFilled(_ key: String) -> Bool {
            if case .object(let entries)? = keys[key] { !entries.isEmpty } else { false }
        }
        var package = Descriptor.Package()
        if case .object(let scripts)? = keys["scripts"] { package.scripts = Set(scripts.keys) }
        package.hasDevelopmentDependencies = isFilled("devDependencies")
        package.hasDependencies =
            isFilled("dependencies") || isFilled("optionalDependencies") || package.hasDevelopmentDependencies
        package.hasWorkspaces = keys["workspaces"] != nil
        return package
    }

    fileprivate func hosts() -> [HostRoute] {
        list(
            "hosts", 0...100, "a list of host names",
            each: "a host name such as \"shop.example.org\" or a path of one, \"example.org/shop\"", HostRoute.init)
            ?? []
    }

    fileprivate func build() -> [String]? {
        guard let value = value("build") else { return nil }
        var commands: [String]?
        if case .string(let command) = value { commands = [command] }
        if case .array(let items) = value {
            commands = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
            if commands?.count != items.count { commands = nil }
        }
        guard let commands, (1...32).contains(commands.count),
            commands.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 4096 && !$0.utf8.contains(0) })
        else {
            wrong("build", value, "a command or a list of 1 to 32 commands")
            return nil
        }
        return commands
    }

    fileprivate func image() -> Descriptor.Image? {
        guard let value = value("image") else { return nil }
        if case .string(let name) = value { return image(named: name, "image", nil) }
        guard case .object = value else {
            wrong("image", value, "a string such as \"nginx:1.27\", or an object with the key \"image\"")
            return nil
        }
        guard let object = object("image") else { return nil }
        defer { object.close() }
        guard let name = object.string("image") else {
            if object.keys["image"] == nil { object.note(.wrongType, "image", "is missing; name an image") }
            return nil
        }
        return object.image(named: name, "image", object)
    }

    private func image(named name: String, _ key: String, _ options: DescriptorObject?) -> Descriptor.Image? {
        let image = Descriptor.Image(
            name: name, network: options?.choice("network", Descriptor.Image.Network.self) ?? .bridge,
            port: options?.integer("port", in: 0...65_535) ?? 0, pull: options?.bool("pull") ?? false)
        if Descriptor.Image.isName(name) { return image }
        wrong(key, .string(name), "the name of an image such as \"nginx:1.27\" or \"registry.example.org/shop:1.0.1\"")
        return nil
    }

    fileprivate func group() -> Slug? {
        guard let text = string("group") else { return nil }
        if let slug = Slug(text), !Slug.reserved.contains(text) { return slug }
        wrong(
            "group", .string(text), "a name of a-z, 0-9 and hyphens, such as \"shop\", that Flock does not use itself")
        return nil
    }

    fileprivate func dependencies(of slug: Slug?) -> [Slug] {
        list("dependencies", 0...16, "a list of names of programs", each: "the name of another program") { name in
            (try? Slug(packageName: name)).flatMap { $0 == slug ? nil : $0 }
        } ?? []
    }
}

extension Descriptor.Image {
    /// Source: Docker's reference grammar, loosely: no word that could be an option, no blank.
    static func isName(_ text: String) -> Bool {
        guard (1...255).contains(text.utf8.count), let first = text.unicodeScalars.first else { return false }
        func isPlain(_ scalar: Unicode.Scalar) -> Bool {
            ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        return isPlain(first) && text.unicodeScalars.allSatisfy { isPlain($0) || "._/:@-".unicodeScalars.contains($0) }
    }
}

extension DescriptorObject {
    /// The checks of package.json, which stand beside `flock` or inside.
    func checks(or flock: DescriptorObject, ports: Int) -> [Descriptor.Check] {
        let (beside, inside) = (list("checks"), flock.list("checks"))
        if beside != nil && inside != nil {
            flock.note(.conflict, "checks", "stand beside flock, too; keep one of them")
        }
        let checks = (beside ?? inside ?? []).compactMap { $0.check(ports: ports) }
        return checks.isEmpty && ports > 0 ? [.standard] : checks
    }

    private enum Kind: String, CaseIterable {
        case http = "HTTP"
        case tcp = "TCP"
        case command = "COMMAND"
    }

    private func check(ports: Int) -> Descriptor.Check? {
        let standard = Descriptor.Check.standard
        func seconds(_ key: String, _ fallback: Duration) -> Duration {
            number(key, in: 0.1...86_400).map { .seconds($0) } ?? fallback
        }
        let (protocolName, path, command) = (choice("protocol", Kind.self), string("path"), string("command"))
        let check = Descriptor.Check(
            kind: kind(protocolName ?? (command == nil ? .http : .command), path: path ?? "/", command: command),
            portIndex: integer("portIndex", in: 0...max(0, ports - 1)) ?? 0,
            interval: seconds("intervalSeconds", standard.interval),
            timeout: seconds("timeoutSeconds", standard.timeout),
            grace: seconds("gracePeriodSeconds", standard.grace),
            maxConsecutiveFailures: integer("maxConsecutiveFailures", in: 0...1000) ?? standard.maxConsecutiveFailures)
        close()
        if case .command = check.kind { return check }
        guard ports > 0 else {
            note(.outOfRange, nil, "cannot be checked: the program has no port; use the protocol \"COMMAND\"")
            return nil
        }
        return check
    }

    private func kind(_ kind: Kind, path: String, command: String?) -> Descriptor.Check.Kind {
        switch kind {
        case .http:
            if command != nil { note(.conflict, "command", "is for the protocol \"COMMAND\"; remove one of them") }
            let isPath =
                path.hasPrefix("/") && path.utf8.count <= 1024
                && path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !Array("\"'\\<>^`{|}".utf8).contains($0) }
            if !isPath { wrong("path", .string(path), "a path such as \"/health\"") }
            return .http(path: path)
        case .tcp: return .tcp
        case .command:
            guard let command, !command.isEmpty, !command.utf8.contains(0) else {
                note(.wrongType, "command", "is missing; add for example \"command\": \"test -e ready\"")
                return .command("false")
            }
            return .command(command)
        }
    }
}

extension Descriptor.Check {
    fileprivate static let standard = Self(
        kind: .http(path: "/"), portIndex: 0, interval: .seconds(10), timeout: .seconds(5), grace: .seconds(30),
        maxConsecutiveFailures: 3)
}

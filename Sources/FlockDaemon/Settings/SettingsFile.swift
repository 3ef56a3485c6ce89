public import FlockCore
public import Foundation
import Yams

/// Where the settings come from: `flock.yaml` laid over the defaults, then `FLOCK_*` variables, then `--set`.
public struct SettingsFile: Sendable {
    /// `nil` when no file was found and the defaults hold.
    public let path: String?
    private let overrides: [Override]

    /// A value for one key, and where it was said.
    private struct Override: Sendable {
        var keys: [String]
        var value: String
        var origin: String
    }

    /// - Parameters:
    ///   - path: the file that was asked for; else the first of `./flock.yaml` and `/etc/flock/flock.yaml`.
    ///   - assignments: `scaler.idleAfter=5m`, from the command line.
    ///   - state: the folder asked for on the command line.
    public init(
        path: String?, assignments: [String] = [], state: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(DaemonError) {
        if let path {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw DaemonError(
                    .settings, "\(path): cannot be read", hint: "Give the path of a flock.yaml to --config.")
            }
            self.path = path
        } else {
            self.path = ["flock.yaml", "/etc/flock/flock.yaml"].first { FileManager.default.isReadableFile(atPath: $0) }
        }
        var overrides: [Override] = []
        for keys in try Self.leaves(of: Self.defaults()) {
            let variable = "FLOCK_" + keys.map(Self.upperSnake).joined(separator: "_")
            if let value = environment[variable] {
                overrides.append(Override(keys: keys, value: value, origin: variable))
            }
        }
        for assignment in assignments {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw DaemonError(
                    .settings, "--set \(assignment): has no \"=\"", hint: "Write --set scaler.idleAfter=5m.")
            }
            let keys = assignment[..<equals].split(separator: ".").map(String.init)
            let value = String(assignment[assignment.index(after: equals)...])
            overrides.append(Override(keys: keys, value: value, origin: "--set \(keys.joined(separator: "."))"))
        }
        if let state {
            // As in any command: relative to where it is given.
            let path = state.hasPrefix("~") ? state : URL(fileURLWithPath: state).standardizedFileURL.path
            overrides.append(Override(keys: ["state"], value: path, origin: "--state"))
        }
        self.overrides = overrides
    }

    /// The commented sample that the defaults are read from.
    public static var sample: String { String(decoding: PackageResources.flock_yaml, as: UTF8.self) }

    /// Reads the file again.
    public func load() throws(DaemonError) -> Settings {
        var node = try Self.defaults()
        if let path {
            let text: String
            do {
                text = try String(contentsOfFile: path, encoding: .utf8)
            } catch {
                throw DaemonError(.settings, "\(path): cannot be read: \(error.localizedDescription)")
            }
            if let own = try Self.compose(text, file: path) {
                guard own.mapping != nil else {
                    throw DaemonError(
                        .settings, "\(path):1:1: is no list of keys",
                        hint: "Write for example \"domain: apps.example.org\".")
                }
                node.overlay(own)
            }
        }
        for override in overrides {
            guard node.assign(override.value, at: override.keys[...]) else {
                throw DaemonError(.settings, "\(override.origin): is not a setting that holds a single value")
            }
        }
        var settings: Settings
        do {
            settings = try YAMLDecoder().decode(Settings.self, from: node)
        } catch let error as DecodingError {
            throw explain(error, in: node)
        } catch {
            throw DaemonError(.settings, "\(path ?? "defaults"): \(error)")
        }
        settings.state = absolute(settings.state)
        if case .file(let path) = settings.http.log {
            settings.http.log = .file(path.isEmpty ? StateFolder(settings.state).requestLog : absolute(path))
        }
        let certificates = settings.https.certificates
        settings.https.certificates =
            certificates.isEmpty ? StateFolder(settings.state).certificates : absolute(certificates)
        if !settings.backup.pages.isEmpty { settings.backup.pages = absolute(settings.backup.pages) }
        for index in settings.hook.repositories.indices {
            settings.hook.repositories[index].secret.files = settings.hook.repositories[index].secret.files.map(
                absolute)
            for file in [\Settings.Repository.token, \.key, \.slack] {
                guard let own = settings.hook.repositories[index][keyPath: file] else { continue }
                settings.hook.repositories[index][keyPath: file]?.file = absolute(own.file)
            }
            let report = settings.hook.repositories[index].report
            settings.hook.repositories[index].report?.token.file = absolute(report?.token.file ?? "")
        }
        for file in [
            \Settings.marathonToken.file, \.hook.authority.file, \.hook.secrets.folder, \.hook.consul.token.file,
            \.parts.token.file,
            \.parts.certificate.file, \.parts.authority.file,
        ]
        where !settings[keyPath: file].isEmpty {
            settings[keyPath: file] = absolute(settings[keyPath: file])
        }
        return settings
    }

    // MARK: Reading

    private static func defaults() throws(DaemonError) -> Node {
        guard let node = try compose(sample, file: "defaults") else {
            throw DaemonError(.settings, "the defaults are empty")
        }
        return node
    }

    private static func compose(_ text: String, file: String) throws(DaemonError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw DaemonError(.settings, "\(file): \(error)", hint: "Mend the YAML; nothing was changed.")
        } catch {
            throw DaemonError(.settings, "\(file): \(error)")
        }
    }

    private static func leaves(of node: Node, under keys: [String] = []) -> [[String]] {
        guard let mapping = node.mapping else { return node.scalar == nil ? [] : [keys] }
        return mapping.flatMap { key, value in key.string.map { leaves(of: value, under: keys + [$0]) } ?? [] }
    }

    /// `idleAfter` as `IDLE_AFTER`.
    private static func upperSnake(_ key: String) -> String {
        key.reduce(into: "") { text, character in
            if character.isUppercase { text.append("_") }
            text += character.uppercased()
        }
    }

    private func explain(_ error: DecodingError, in node: Node) -> DaemonError {
        let (keys, message): ([any CodingKey], String) =
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context):
                (context.codingPath, "has the wrong type: \(context.debugDescription)")
            case .keyNotFound(let key, let context): (context.codingPath, "\"\(key.stringValue)\" is missing")
            case .dataCorrupted(let context): (context.codingPath, context.debugDescription)
            @unknown default: ([], "\(error)")
            }
        let name = keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
            .replacingOccurrences(of: ".[", with: "[")
        if let override = overrides.last(where: { $0.keys == keys.map(\.stringValue) }) {
            return DaemonError(.settings, "\(override.origin): \(message)")
        }
        let place = node.mark(at: keys[...]).map { ":\($0.line):\($0.column)" } ?? ""
        return DaemonError(.settings, "\(path ?? "defaults")\(place): \(name): \(message)")
    }

    /// `~` is the home folder; a relative path is relative to the file.
    private func absolute(_ text: String) -> String {
        if text == "~" || text.hasPrefix("~/") {
            return FileManager.default.homeDirectoryForCurrentUser.path + text.dropFirst()
        }
        let base = path.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        return URL(fileURLWithPath: text, relativeTo: base).standardizedFileURL.path
    }
}

extension Node {
    /// Lays another document over this one: mappings key by key, anything else whole.
    fileprivate mutating func overlay(_ other: Node) {
        guard var mine = mapping, let theirs = other.mapping, !mine.isEmpty else {
            self = other
            return
        }
        for (key, value) in theirs {
            if let place = mine.keys.first(where: { $0.string == key.string }) {
                var merged = mine[place] ?? value
                merged.overlay(value)
                // The key's mark moves to the file that gave the value.
                mine[place] = nil
                mine[key] = merged
            } else {
                mine[key] = value
            }
        }
        self = .mapping(.init(mine.map { ($0.key, $0.value) }, mapping?.tag ?? .implicit, .any, other.mark ?? mark))
    }

    /// - Returns: whether there is such a key and it holds no mapping.
    fileprivate mutating func assign(_ text: String, at keys: ArraySlice<String>) -> Bool {
        guard let first = keys.first, var mine = mapping, let place = mine.keys.first(where: { $0.string == first }),
            var value = mine[place]
        else { return false }
        if keys.count == 1 {
            guard value.mapping == nil else { return false }
            value = (try? Yams.compose(yaml: text)) ?? Node(text)
        } else {
            guard value.assign(text, at: keys.dropFirst()) else { return false }
        }
        mine[place] = value
        self = .mapping(mine)
        return true
    }

    /// Where the deepest part of the path that exists stands in its file; a key rather than its value.
    fileprivate func mark(at keys: ArraySlice<any CodingKey>) -> Mark? {
        guard let first = keys.first else { return mark }
        if let index = first.intValue, let items = sequence, items.indices.contains(index) {
            return items[index].mark(at: keys.dropFirst())
        }
        guard let mapping, let place = mapping.keys.first(where: { $0.string == first.stringValue }) else {
            return mark
        }
        if keys.count == 1 { return place.mark }
        return mapping[place]?.mark(at: keys.dropFirst())
    }
}

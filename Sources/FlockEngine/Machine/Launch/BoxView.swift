/// What is seen from inside a box: a system that cannot be written, an empty `/tmp`, the task's own folder, and its own
/// processes. As arguments for bubblewrap; source: bwrap(1).
struct BoxView: Sendable, Hashable {
    /// Who runs inside.
    enum User: Sendable, Hashable {
        /// A user of the app's own. Root makes the box.
        case own(UInt32)
        /// The one who makes the box, in a user namespace.
        case same
    }

    private static let setpriv = "/usr/bin/setpriv"

    var bubblewrap: String
    var system: [SystemFolder]
    var resolver: String?
    /// Folders that are empty inside, even if they lie in what the system shows.
    var hidden: [String]

    /// What runs `command` in the box.
    /// - Parameters:
    ///   - sandbox: an absolute path, without links.
    ///   - groups: the box's control groups, so that runtimes can adapt to its limits.
    func command(_ user: User, sandbox: String, groups: [String], _ command: [String]) -> [String] {
        var words = isolation(user)
        for folder in system {
            words += folder.link.map { ["--symlink", $0, folder.path] } ?? ["--ro-bind", folder.path, folder.path]
        }
        if let resolver { words += show(resolver) }
        if case .own = user { words += ["--perms", "0644", "--ro-bind-data", "3", "/etc/passwd"] }
        words += ["--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--proc", "/proc"]
        words += ["--perms", "1777", "--tmpfs", "/tmp"]
        for folder in empty(around: sandbox) { words += ["--tmpfs", folder] }
        words += ["--bind", sandbox, sandbox]
        for group in groups { words += show(group) }
        // The user of the box may not enter the sandbox yet.
        words += ["--chdir", "/", "--"]
        return words + become(user) + command
    }

    /// Runs nothing, in the way that ``command(_:sandbox:groups:_:)`` does: ends well where boxes can be made.
    func trial(_ user: User) -> [String] {
        isolation(user) + ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--"]
            + become(user) + ["/bin/true"]
    }

    /// The folder first: what bubblewrap makes by the way only root may enter.
    private func show(_ path: String) -> [String] {
        ["--dir", path.split(separator: "/").dropLast().map { "/\($0)" }.joined(), "--ro-bind", path, path]
    }

    private func isolation(_ user: User) -> [String] {
        let words = [bubblewrap, "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session"]
        return switch user {
        // The step to another user needs these three, and drops them.
        case .own:
            words + ["--cap-drop", "ALL"]
                + ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"].flatMap { ["--cap-add", $0] }
        case .same: words + ["--unshare-user"]
        }
    }

    private func become(_ user: User) -> [String] {
        guard case .own(let id) = user else { return [] }
        return [Self.setpriv, "--reuid", "\(id)", "--regid", "\(id)", "--clear-groups", "--no-new-privs"]
            + ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--"]
    }

    /// Users as programs inside see them: a runtime fails that asks for its own and finds none.
    static func passwd(_ user: UInt32, appID: String, sandbox: String) -> String {
        // A colon ends a field.
        let name = appID.filter { $0 != ":" && !$0.isNewline }
        let home = sandbox.filter { $0 != ":" && !$0.isNewline }
        return """
            root:x:0:0:root:/root:/bin/sh
            app:x:\(user):\(user):\(name):\(home):/bin/sh
            nobody:x:65534:65534:nobody:/:/bin/false
            """
    }

    /// Outer folders first. The folder of the sandbox is where other tasks' are.
    private func empty(around sandbox: String) -> [String] {
        let parent = sandbox.split(separator: "/").dropLast().map { "/\($0)" }.joined()
        return Set(hidden + [parent]).subtracting(["", "/", "/tmp"])
            .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    }
}

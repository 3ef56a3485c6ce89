import FlockCore

/// How tasks are boxed: what the setting comes to is decided from facts.
extension Settings.Engine.Isolation {
    private static let install = "Install it: apt-get install bubblewrap"

    /// - Throws: ``EngineError`` with what to do, when it cannot be had, or would run apps as root.
    func isolation(on facts: MachineFacts) throws -> Isolation {
        let isRoot = facts.userID == 0
        switch self {
        case .auto where isRoot:
            try requireBubblewrap(facts)
            return facts.hasSystemd ? .systemd : .bwrap
        case .auto:
            return facts.hasSystemd && facts.hasUserManager && Self.isUsable(facts) ? .systemd : .plain
        case .systemd:
            guard facts.hasSystemd else {
                throw refused("systemd is not this machine's first process. Set isolation to auto")
            }
            guard isRoot || facts.hasUserManager else {
                throw refused("this user has no systemd of its own. Start one: loginctl enable-linger")
            }
            try requireBubblewrap(facts)
            return .systemd
        case .bwrap:
            guard isRoot else {
                throw refused(
                    "isolation bwrap makes users and control groups, which takes root. Set it to auto or plain")
            }
            try requireBubblewrap(facts)
            return .bwrap
        case .plain:
            guard !isRoot else {
                throw refused(
                    "isolation plain does not confine, and apps would run as root. Set it to auto, or run flock-engine "
                        + "as an ordinary user")
            }
            return .plain
        }
    }

    /// - Parameter state: the folder of the engine's files, an absolute path without links.
    func launcher(on facts: MachineFacts, state: String) throws -> any Launcher {
        switch (try isolation(on: facts), facts.bubblewrap) {
        case (.systemd, let bubblewrap?):
            SystemdLauncher(state: state, bubblewrap: bubblewrap, mounts: facts.mounts, userID: facts.userID)
        case (.bwrap, let bubblewrap?):
            try BubblewrapLauncher(state: state, bubblewrap: bubblewrap, mounts: facts.mounts)
        default: PlainLauncher(state: state, bubblewrap: Self.isUsable(facts) ? facts.bubblewrap : nil)
        }
    }

    private static func isUsable(_ facts: MachineFacts) -> Bool {
        facts.bubblewrap != nil && facts.bubblewrapRefusal == nil
    }

    private func requireBubblewrap(_ facts: MachineFacts) throws {
        guard facts.bubblewrap != nil else { throw refused("bubblewrap is missing. \(Self.install)") }
        guard let refusal = facts.bubblewrapRefusal else { return }
        throw refused(
            "bubblewrap may not make a box here: \(refusal). In a container, allow it (docker: --privileged), or run "
                + "flock-engine as an ordinary user with isolation plain")
    }

    private func refused(_ message: String) -> EngineError {
        EngineError(code: .isolationRefused, message: message)
    }
}

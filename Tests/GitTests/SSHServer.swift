import FlockTesting
import Foundation
import Subprocess
import SystemPackage

@testable import Git

/// OpenSSH's server on a free port of this machine, for the user who runs the test, with keys of the test's own.
struct SSHServer {
    let workspace: Workspace
    let port: Int
    let fingerprint: HostKeyFingerprint

    /// The key that may log in.
    var key: String { "\(workspace.folder)/deploy-key" }
    /// One that may not.
    var otherKey: String { "\(workspace.folder)/other-key" }

    func remote(_ path: String? = nil) throws -> Remote {
        try Remote(
            RemoteURL("ssh://\(NSUserName())@127.0.0.1:\(port)\(path ?? workspace.bare)"), keyFile: key,
            hostKeys: [fingerprint], allowsPrivateAddresses: true)
    }

    /// - Parameters:
    ///   - takesVersion: whether the server lets the client choose version 2 of git's protocol, which Debian's does not.
    ///   - command: what is run instead of what the client asks for.
    static func with(
        _ workspace: Workspace, takesVersion: Bool, command: String? = nil, _ body: (SSHServer) async throws -> Void
    ) async throws {
        let folder = workspace.folder
        for name in ["host-key", "deploy-key", "other-key"] {
            try await workspace.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(folder)/\(name)")
        }
        try FileManager.default.copyItem(atPath: "\(folder)/deploy-key.pub", toPath: "\(folder)/authorized")
        let shown = try await workspace.run("ssh-keygen", "-lf", "\(folder)/host-key.pub")
        let fingerprint = try HostKeyFingerprint(String(shown.split(separator: " ")[1])).orThrow()
        // As root it insists on this folder.
        if getuid() == 0 {
            try? FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        let port = try await freePorts(1)[0]
        let settings = """
            ListenAddress 127.0.0.1:\(port)
            HostKey \(folder)/host-key
            AuthorizedKeysFile \(folder)/authorized
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin prohibit-password
            StrictModes no
            UsePAM no
            PidFile none
            SetEnv GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
            \(takesVersion ? "AcceptEnv GIT_PROTOCOL" : "")
            \(command.map { "ForceCommand \($0)" } ?? "")
            """
        try Data(settings.utf8).write(to: URL(filePath: "\(folder)/sshd.conf"))
        _ = try await Subprocess.run(
            // sshd has to be started by its whole path.
            .path("/usr/sbin/sshd"), arguments: ["-D", "-e", "-f", "\(folder)/sshd.conf"], input: .none,
            output: .discarded,
            error: .sequence
        ) { execution in
            for try await line in execution.standardError.strings() where line.contains("Server listening") { break }
            defer { try? execution.send(signal: .terminate) }
            try await body(SSHServer(workspace: workspace, port: port, fingerprint: fingerprint))
        }
    }
}

/// How OpenSSH is called: everything it would take from files, an agent or the environment is set or shut off. The
/// options are those of ssh_config(5).
struct SSHCommand {
    let arguments: [String]

    /// - Throws: `hostKey` if it is not known which keys the server may show.
    init(_ remote: Remote, at address: NetworkAddress, connect: Duration) throws(GitError) {
        let url = remote.url
        let hostKeys = remote.hostKeys.isEmpty ? HostKeyFingerprint.published(for: url.host) : remote.hostKeys
        guard !hostKeys.isEmpty else {
            throw GitError(
                .hostKey, operation: "fetch \(url)", message: "no key of \(url.host) is known",
                hint: "compare \"ssh-keyscan \(url.host) | ssh-keygen -lf -\" with what its operator publishes, and "
                    + "put the fingerprints into hostKeys")
        }
        // Asked by ssh for the keys it may meet, it names the one that was met if its fingerprint is in the list. So a
        // fingerprint is enough, and no file has to be written.
        let known =
            "/bin/sh -c 'case \"$0\" in \(hostKeys.map(\.description).joined(separator: "|"))) "
            + "echo \"$1 $2 $3\";; esac' %f %H %t %K"
        var options = [
            "BatchMode=yes", "IdentitiesOnly=yes", "IdentityAgent=none", "PreferredAuthentications=publickey",
            "StrictHostKeyChecking=yes", "UserKnownHostsFile=/dev/null", "GlobalKnownHostsFile=/dev/null",
            "KnownHostsCommand=\(known)", "UpdateHostKeys=no", "VerifyHostKeyDNS=no", "CheckHostIP=no",
            "HostName=\(address.text)", "HostKeyAlias=\(url.host)", "CanonicalizeHostname=no",
            "ProxyCommand=none", "ControlMaster=no", "ControlPath=none", "ClearAllForwardings=yes", "ForwardAgent=no",
            "PermitLocalCommand=no", "RequestTTY=no", "EscapeChar=none", "LogLevel=ERROR",
            // ssh takes whole seconds.
            "ConnectTimeout=\(max(1, connect.components.seconds))", "ServerAliveInterval=10", "ServerAliveCountMax=3",
            // A server that does not take it speaks version 0.
            "SetEnv=GIT_PROTOCOL=version=2",
        ]
        options.append("Port=\(url.port)")
        let key = remote.keyFile.map { ["-i", $0.replacing("%", with: "%%")] } ?? []
        arguments =
            ["-F", "/dev/null", "-x", "-a", "-T", "-l", url.user] + key + options.flatMap { ["-o", $0] }
            + ["--", url.host, "git-upload-pack \(Self.quoted(url.path))"]
    }

    /// For the server's shell.
    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("'", with: #"'\''"#).replacing("!", with: #"'\!'"#))'"
    }
}

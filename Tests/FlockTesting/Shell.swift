import Subprocess
import SystemPackage

/// What a program printed and how it ended.
public struct Ran: Sendable {
    /// The exit status, or the signal as a negative number.
    public var status: Int
    public var output: String

    public var isSuccess: Bool { status == 0 }
}

/// Runs a program to its end with a small, known environment: nothing of the machine's git configuration.
public func run(
    _ program: String, _ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]
) async throws -> Ran {
    let variables = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder ?? "/tmp",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "Test",
        "GIT_AUTHOR_EMAIL": "test@example.org", "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.org",
    ].merging(environment) { _, own in own }
    let result = try await Subprocess.run(
        program.hasPrefix("/") ? .path(.init(program)) : .name(program), arguments: Arguments(arguments),
        environment: .custom(
            Dictionary(
                uniqueKeysWithValues: variables.compactMap { name, value in
                    Environment.Key(rawValue: name).map { ($0, value) }
                })),
        workingDirectory: folder.map { .init($0) }, output: .string(limit: 4 << 20), error: .combinedWithOutput)
    let status =
        switch result.terminationStatus {
        case .exited(let status): Int(status)
        case .signaled(let signal): -Int(signal)
        }
    return Ran(status: status, output: result.standardOutput)
}

import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A task's first process, outside of its box: a small shell that outlives the engine, so that somebody is there to
/// see how the command ends. docs/decisions/0007-task-shim.md says why.
enum TaskShim {
    /// Its only argument is the task's folder under `runs`. It says who it is before it takes the command, which only
    /// one can, by making the file `taken`: where that is there, it ends. SIGTERM to its group does not end it; what
    /// it starts gets signals as usual. It starts no program of its own, since somebody waits for the task.
    private static let script = """
        trap : TERM INT HUP
        run=$1
        read -r stat < /proc/$$/stat
        set -- ${stat##*) }
        echo "$$ ${20}" > "$run/pid" || exit 125
        set -C
        { true > "$run/taken"; } 2>/dev/null || exit 125
        set +C
        (. "$run/command")
        code=$?
        echo "$code" > "$run/exit"
        exit "$code"
        """

    /// By which a shim is told from a stranger that has its pid. Tasks do not see it.
    private static let mark = "FLOCK_SHIM"

    static func isShim(of taskID: String, pid: Int32) -> Bool {
        ProcessTable.hasVariable("\(mark)=\(taskID)", pid: pid)
    }

    /// Starts it, and returns once it runs; it goes on when the engine does not. It has an environment of its own:
    /// what an app puts into its environment must not reach a process outside of the box.
    /// - Parameters:
    ///   - folder: of the run, where the command lies ready.
    ///   - sandbox: where it works, and writes `stdout` and `stderr` to.
    static func start(_ taskID: String, folder: String, sandbox: String) async throws -> Int32 {
        let output = try LogFile.open("\(sandbox)/stdout")
        let errors: SystemPackage.FileDescriptor
        do {
            errors = try LogFile.open("\(sandbox)/stderr")
        } catch {
            try? output.close()
            throw error
        }
        var options = PlatformOptions()
        options.createSession = true
        let environment = Environment.custom(["PATH": "/usr/bin:/bin", Environment.Key(rawValue: mark)!: taskID])
        return try await withCheckedThrowingContinuation { continuation in
            let waiter = Waiter(continuation)
            // Cancelling the task that waits would kill the process, hence one that nobody can cancel. It also
            // collects the process when it has ended.
            Task.detached { [options] in
                do {
                    _ = try await Subprocess.run(
                        .path("/bin/sh"), arguments: ["-c", script, "flock-task", folder], environment: environment,
                        workingDirectory: FilePath(sandbox), platformOptions: options, input: .none,
                        output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                        error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
                    ) { execution in
                        waiter.resume(.success(execution.processIdentifier.value))
                    }
                } catch {
                    waiter.resume(.failure(error))
                }
            }
        }
    }

    private final class Waiter: Sendable {
        private let continuation: Mutex<CheckedContinuation<Int32, any Error>?>

        init(_ continuation: CheckedContinuation<Int32, any Error>) {
            self.continuation = Mutex(continuation)
        }

        func resume(_ result: Result<Int32, any Error>) {
            let continuation = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            continuation?.resume(with: result)
        }
    }

    // MARK: What it runs

    /// Sets the environment and runs the box's script.
    /// - Throws: ``EngineError`` for a zero byte, which no process can be given.
    static func script(for command: BoxCommand) throws -> String {
        var lines = ["unset \(mark)"]
        for (name, value) in command.environment.sorted(by: { $0.key < $1.key }) {
            lines.append("export " + quoted("\(name)=\(value)"))
        }
        if command.environment["PATH"] == nil { lines.append("unset PATH") }
        lines.append((["set --"] + command.arguments.map(quoted)).joined(separator: " "))
        lines.append(command.script)
        let text = lines.joined(separator: "\n") + "\n"
        guard !text.utf8.contains(0) else {
            throw EngineError(code: .launch, message: "its command or environment has a zero byte")
        }
        return text
    }

    private static func quoted(_ word: String) -> String {
        "'" + word.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
    }
}

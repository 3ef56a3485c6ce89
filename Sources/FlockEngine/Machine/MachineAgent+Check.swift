import Foundation
import Subprocess
import SystemPackage

/// Commands that tell whether a task is well.
extension MachineAgent {
    func check(_ taskID: String, _ command: String, timeout: Duration) async -> String? {
        guard let run = runs[taskID], run.shim != nil else { return "the task does not run" }
        // A box of its own, with the task's user, files and limits: the task's is the task's alone.
        var box = box(run.record.launch, sandbox: folders.sandbox(taskID))
        box.taskID = "\(taskID).check-\(UUID().uuidString.lowercased())"
        box.environment["MESOS_TASK_ID"] = box.taskID
        box.arguments = ["/bin/sh", "-c", command]
        let (launcher, id) = (launcher, box.taskID)
        defer { launcher.remove(id) }
        do {
            let command = try launcher.prepare(box)
            let variables = command.environment.compactMap { name, value in
                Environment.Key(rawValue: name).map { ($0, value) }
            }
            let deadline = Task { [clock] in
                try await clock.sleep(timeout)
                launcher.signal(id, SIGKILL)
            }
            defer { deadline.cancel() }
            let result = try await Subprocess.run(
                .path(FilePath(command.words[0])), arguments: Arguments(Array(command.words.dropFirst())),
                environment: .custom(Dictionary(variables) { first, _ in first }),
                workingDirectory: FilePath(box.sandbox), input: .none, output: .discarded, error: .discarded)
            return result.terminationStatus.isSuccess ? nil : "Command ended with \(result.terminationStatus)"
        } catch {
            return "\(error)"
        }
    }
}

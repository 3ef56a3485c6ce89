import Foundation

/// The folder `runs`: a folder for each task whose end has not been acknowledged. It is the engine's alone: the
/// task's own folder is elsewhere.
///
/// The caller holds the lock on the state folder, so that no second engine works on it.
struct RunStore: Sendable {
    let root: String

    init(folder: String) {
        root = "\(folder)/runs"
    }

    func folder(_ taskID: String) -> String { "\(root)/\(taskID)" }
    private func recordFile(_ taskID: String) -> String { "\(folder(taskID))/record.json" }

    /// Survives the engine when it returns. The machine's end it need not survive, which is every task's end, and
    /// waiting for the disk holds up all tasks.
    /// - Throws: ``EngineError`` when it cannot be written; what was there before is still there.
    func write(_ record: RunRecord) throws {
        let folder = folder(record.taskID)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try place(try JSONEncoder().encode(record), at: recordFile(record.taskID))
        } catch {
            throw EngineError(code: .storage, message: "\(folder): cannot be written: \(error)")
        }
    }

    /// - Returns: `nil` when there is none, or what is there cannot be read.
    func read(_ taskID: String) -> RunRecord? {
        guard let data = FileManager.default.contents(atPath: recordFile(taskID)),
            let record = try? JSONDecoder().decode(RunRecord.self, from: data), record.taskID == taskID
        else { return nil }
        return record
    }

    /// Of all runs that are there, readable or not.
    func taskIDs() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return names.filter { name in
            var isFolder: ObjCBool = false
            let exists = unsafe FileManager.default.fileExists(atPath: folder(name), isDirectory: &isFolder)
            return exists && isFolder.boolValue && !name.hasPrefix(".")
        }
    }

    func remove(_ taskID: String) {
        // The record goes first: a folder without one is swept up by the next engine.
        try? FileManager.default.removeItem(atPath: recordFile(taskID))
        try? FileManager.default.removeItem(atPath: folder(taskID))
    }

    // MARK: Between the agent and the shim

    /// Lays out what the shim is to run.
    func offerCommand(_ command: BoxCommand, for taskID: String) throws {
        do {
            let text = try TaskShim.script(for: command)
            try place(Data(text.utf8), at: "\(folder(taskID))/command")
        } catch {
            throw EngineError(code: .launch, message: "cannot be started: \(error)")
        }
    }

    /// Makes sure that a shim that has not begun will not: whoever makes `taken` first, shim or agent, decides. The
    /// shim makes a file, the agent a link, so that a later agent knows who it was.
    /// - Returns: whether it had begun.
    func withdrawCommand(_ taskID: String) -> Bool {
        let ticket = "\(folder(taskID))/taken"
        if unsafe symlink("withdrawn", ticket) == 0 { return false }
        if (try? FileManager.default.destinationOfSymbolicLink(atPath: ticket)) != nil { return false }
        return shim(taskID) != nil
    }

    /// The task's first process, alive or not.
    func shim(_ taskID: String) -> ProcessIdentity? {
        text(of: "pid", taskID).flatMap(ProcessIdentity.init(text:))
    }

    /// The task's first process, if it is that one and lives.
    func livingShim(_ taskID: String) -> ProcessIdentity? {
        guard let shim = shim(taskID), shim.isAlive, TaskShim.isShim(of: taskID, pid: shim.pid) else { return nil }
        return shim
    }

    /// How the command has ended, as the shell tells it.
    func exitCode(_ taskID: String) -> Int32? {
        text(of: "exit", taskID).flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// Looks at what is left of a run. A command that has not been taken by now never will be.
    func findings(_ taskID: String, bootID: String) -> RunFindings {
        let isStarted = withdrawCommand(taskID)
        let shim = livingShim(taskID)
        // Read last: the shim may end while we look, and this is the last that it writes.
        return RunFindings(bootID: bootID, isStarted: isStarted, shim: shim, exitCode: exitCode(taskID))
    }

    // MARK: Files

    private func text(of name: String, _ taskID: String) -> String? {
        FileManager.default.contents(atPath: "\(folder(taskID))/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Beside, then moved into place: nobody sees half of it.
    private func place(_ data: Data, at path: String) throws {
        let temporary = path + ".new"
        guard
            FileManager.default.createFile(atPath: temporary, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw POSIXError(.EIO) }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
        try file.write(contentsOf: data)
        try file.close()
        guard unsafe rename(temporary, path) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }
}

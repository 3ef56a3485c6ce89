import FlockCore
import FlockDaemon
import FlockEngine
import Foundation
import Subprocess

/// Looks at everything that Flock needs on a machine.
struct Examination: Sendable {
    struct Finding: Encodable, Sendable {
        var what: String
        var isGood: Bool
        var found: String
        /// What to do, where something is missing.
        var mend: String?
    }

    private let options: DaemonOptions

    init(_ options: DaemonOptions) {
        self.options = options
    }

    func run() async -> [Finding] {
        var findings = [
            await program("HAProxy", "haproxy", ["-v"], mend: "sudo apt-get install haproxy"),
            await program("git", "git", ["--version"], mend: "sudo apt-get install git"),
            await program("Node", "node", ["--version"], mend: "sudo apt-get install nodejs"),
            await program("tar", "tar", ["--version"], mend: "sudo apt-get install tar"),
            await program("bubblewrap", "bwrap", ["--version"], mend: "sudo apt-get install bubblewrap"),
        ]
        do {
            let context = try Daemon.context("flock", options: options)
            findings.append(Finding(what: "settings", isGood: true, found: context.file.path ?? "the defaults"))
            findings.append(folder(context.state))
            if context.settings.current.marathon == nil {
                findings.append(await isolation(context.settings.current, context.state))
            }
            findings += await ports(context.settings.current, context.state)
        } catch {
            findings.append(Finding(what: "settings", isGood: false, found: error.message, mend: error.hint))
        }
        return findings
    }

    private func program(_ what: String, _ name: String, _ arguments: [String], mend: String) async -> Finding {
        // Debian keeps haproxy where users' paths do not lead.
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
        let result = try? await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(["PATH": path]),
            output: .string(limit: 4096), error: .discarded)
        guard let result, result.terminationStatus.isSuccess else {
            return Finding(what: what, isGood: false, found: "\(name) does not run", mend: mend)
        }
        let line = result.standardOutput.split(separator: "\n").first.map(String.init) ?? ""
        return Finding(what: what, isGood: true, found: line)
    }

    private func isolation(_ settings: Settings, _ state: StateFolder) async -> Finding {
        do {
            return Finding(
                what: "isolation", isGood: true, found: try await Engine.isolation(settings.engine, state: state))
        } catch {
            return Finding(
                what: "isolation", isGood: false, found: (error as? EngineError)?.message ?? "\(error)",
                mend: "See engine.isolation in flock.yaml.")
        }
    }

    private func folder(_ state: StateFolder) -> Finding {
        let files = FileManager.default
        guard files.fileExists(atPath: state.path) else {
            return Finding(what: "state folder", isGood: true, found: "\(state.path) (made by flock up)")
        }
        let mode = (try? files.attributesOfItem(atPath: state.path)[.posixPermissions] as? Int) ?? 0
        guard files.isWritableFile(atPath: state.path) else {
            return Finding(
                what: "state folder", isGood: false, found: "\(state.path) cannot be written",
                mend: "Choose another folder with --state.")
        }
        guard mode & 0o077 == 0 else {
            return Finding(
                what: "state folder", isGood: false, found: "\(state.path) can be read by others",
                mend: "chmod 700 \(state.path)")
        }
        return Finding(what: "state folder", isGood: true, found: state.path)
    }

    private func ports(_ settings: Settings, _ state: StateFolder) async -> [Finding] {
        let isUp = StateLock.holder(of: "flock", state: state) != nil
        var wanted =
            settings.haproxyListeners + [
                (settings.hook.listen, "hook.listen"), (settings.hook.artifacts, "hook.artifacts"),
                (settings.backup.listen, "backup.listen"),
            ]
        if settings.marathon == nil { wanted.append((settings.engine.listen, "engine.listen")) }
        var findings: [Finding] = []
        for (address, setting) in wanted {
            do {
                try PortCheck.requireFree([(address, setting)])
                findings.append(Finding(what: setting, isGood: true, found: "\(address) is free"))
            } catch let error as DaemonError {
                // Ours, where Flock runs.
                findings.append(
                    Finding(
                        what: setting, isGood: isUp, found: isUp ? "\(address), in use by Flock" : error.message,
                        mend: isUp ? nil : error.hint))
            } catch {
                findings.append(Finding(what: setting, isGood: false, found: "\(error)"))
            }
        }
        return findings
    }
}

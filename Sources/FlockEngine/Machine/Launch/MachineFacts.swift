import Foundation
import Subprocess
import SystemPackage

/// What decides how tasks can be boxed here.
struct MachineFacts: Sendable, Hashable {
    var userID: UInt32
    /// systemd is the first process.
    var hasSystemd = false
    /// A systemd of this user's runs, with or without the user being logged in.
    var hasUserManager = false
    var bubblewrap: String?
    /// What bubblewrap said when it was tried, if that failed.
    var bubblewrapRefusal: String?
    var mounts = CgroupMounts(mounts: "") { _ in "" }

    /// Looks around, and runs bubblewrap once: in many containers it is there and may not be used.
    static func gather() async -> MachineFacts {
        let files = FileManager.default
        var facts = MachineFacts(userID: getuid())
        facts.hasSystemd = files.fileExists(atPath: "/run/systemd/system")
        facts.hasUserManager = files.fileExists(atPath: "/run/user/\(facts.userID)/systemd/private")
        facts.bubblewrap = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"].first {
            files.isExecutableFile(atPath: $0)
        }
        facts.mounts = .ofMachine()
        if let bubblewrap = facts.bubblewrap {
            // A mount that goes away while it looks at all of them, such as a container's, makes it give up.
            for _ in 0..<3 {
                facts.bubblewrapRefusal = await refusal(bubblewrap, isRoot: facts.userID == 0)
                if facts.bubblewrapRefusal == nil { break }
            }
        }
        return facts
    }

    /// What a box needs most, tried without a task.
    private static func refusal(_ bubblewrap: String, isRoot: Bool) async -> String? {
        let view = BoxView(bubblewrap: bubblewrap, system: [], hidden: [])
        // Any user but root will do.
        let words = view.trial(isRoot ? .own(65534) : .same)
        do {
            let result = try await Subprocess.run(
                .path(FilePath(bubblewrap)), arguments: Arguments(Array(words.dropFirst())), environment: .custom([:]),
                input: .none, output: .string(limit: 4096), error: .combinedWithOutput)
            if result.terminationStatus.isSuccess { return nil }
            let said = result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
            return said.isEmpty ? "it ended as \(result.terminationStatus)" : said
        } catch {
            return "\(error)"
        }
    }
}

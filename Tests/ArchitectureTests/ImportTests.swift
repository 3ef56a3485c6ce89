import FlockTesting
import Foundation
import Testing

/// The arrows between the parts, held against the sources and against the package's own description.
struct ImportTests {
    /// What each target may import of the project's own. Source: docs/architecture.md.
    static let allowed: [String: Set<String>] = {
        let libraries = ["FlockHook", "FlockHAProxy", "FlockScaler", "FlockBackup", "FlockEngine"]
        var allowed: [String: Set<String>] = [
            "CLibgit2": [],
            "Git": ["CLibgit2"],
            "Marathon": [],
            "HAProxy": [],
            "FlockCore": ["Marathon"],
            "FlockDaemon": ["FlockCore"],
            "FlockHook": ["FlockCore", "Git", "Marathon"],
            "FlockHAProxy": ["FlockCore", "HAProxy", "Marathon"],
            "FlockScaler": ["FlockCore", "HAProxy", "Marathon"],
            "FlockBackup": ["FlockCore", "Marathon"],
            "FlockEngine": ["FlockCore", "Marathon"],
            "flock": Set(libraries + ["FlockCore", "FlockDaemon", "Git", "HAProxy", "Marathon"]),
        ]
        for (executable, library) in zip(["hook", "haproxy", "scaler", "backup", "engine"], libraries) {
            allowed["flock-\(executable)"] = [library, "FlockDaemon", "FlockCore"]
        }
        return allowed
    }()

    /// Files that decide: values only.
    static let pure = [
        "FlockCore/Names", "FlockCore/Descriptor", "FlockCore/Labels", "FlockEngine/Scheduler",
        "FlockEngine/Definition", "FlockEngine/Machine/Allotment.swift", "FlockEngine/Machine/RunRecord.swift",
        "FlockEngine/Machine/RunFindings.swift", "FlockEngine/Machine/Fetch/ArchiveEntry.swift",
        "FlockHAProxy/Routing", "FlockHAProxy/Certificates/CertificateSource.swift",
        "FlockHAProxy/Certificates/CertificateSet.swift", "FlockScaler/Decision", "FlockScaler/Signals",
        "FlockBackup/Wake/WakeState.swift",
        "FlockBackup/Wake/WakeAttempt.swift", "FlockBackup/Wake/HeldQueue.swift", "FlockBackup/Wake/Pace.swift",
        "FlockBackup/Wake/BackOff.swift", "FlockBackup/Wake/StartFailure.swift", "FlockBackup/Wake/Refusal.swift",
        "FlockBackup/Wake/MarathonOutage.swift", "FlockBackup/Proxy/ProxyStateMachine.swift",
        "FlockHook/Forge",
        "FlockHook/Delivery/DeliveryVerdict.swift",
        "FlockHook/Delivery/ReasonCode.swift",
        "FlockHook/Delivery/Delivery.swift",
        "FlockHook/Queue/DeployQueue.swift", "FlockHook/Queue/LookSchedule.swift",
        "FlockHook/Deploy/VerifyVerdict.swift",
        "FlockHook/Deploy/AppBlueprint.swift",
        "FlockHook/Release/ReleaseChoice.swift",
        "Git/Protocol",
        "Git/PathGlob.swift",
        "FlockHook/Build/BuildPlan.swift",
        "FlockHook/Build/BuildScript.swift",
        "FlockHook/Build/BuildApp.swift",
        "FlockHook/Build/BuildTranscript.swift",
        "FlockHook/Report/ReportPlan.swift",
        "FlockHook/Report/ForgeProject.swift",
        "FlockHook/Retain/Retention.swift",
        "FlockHook/Preview/PullRequest.swift",
        "FlockHook/Preview/PullRequestVerdict.swift",
    ]

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("no source imports against the table")
    func sources() throws {
        for (target, may) in Self.allowed where target != "CLibgit2" {
            for file in try swiftFiles(under: "Sources/\(target)") {
                let own = Set(Self.allowed.keys).intersection(try imports(of: file))
                #expect(
                    own.subtracting(may).isEmpty,
                    "\(file.lastPathComponent) of \(target) imports \(own.subtracting(may))")
            }
        }
    }

    @Test("the package declares no dependency against the table, and has no target that the table lacks")
    func manifest() async throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("Package.swift"), encoding: .utf8)
        #expect(text.contains("treatAllWarnings(as: .error)"))
        // A folder of its own: the one of the build is locked while tests run.
        let folder = try TemporaryFolder()
        let dump = try await run(
            "swift", ["package", "--scratch-path", folder.path, "dump-package"], in: Self.root.path,
            environment: Self.toolchain)
        struct Package: Decodable {
            struct Target: Decodable {
                struct Dependency: Decodable {
                    var byName: [String?]?
                    var target: [String?]?
                }
                var name: String
                var type: String
                var dependencies: [Dependency]
            }
            var targets: [Target]
        }
        let start = try #require(dump.output.firstIndex(of: "{"), "\(dump.output)")
        let package = try JSONDecoder().decode(Package.self, from: Data(dump.output[start...].utf8))
        for target in package.targets where target.type != "test" && target.name != "FlockTesting" {
            let may = try #require(Self.allowed[target.name], "\(target.name) is not in the table")
            let has = target.dependencies.compactMap { ($0.byName ?? $0.target)?.first ?? nil }
            #expect(
                Set(has).intersection(Self.allowed.keys).subtracting(may).isEmpty, "\(target.name) depends on \(has)")
        }
    }

    @Test("what decides imports no network, no client, no git, no logging", arguments: pure)
    func decisions(place: String) throws {
        let banned: Set = [
            "NIOCore", "NIOPosix", "AsyncHTTPClient", "Hummingbird", "Git", "Logging", "GRDB", "Subprocess",
            "ServiceLifecycle",
        ]
        for file in try swiftFiles(under: "Sources/\(place)") {
            let found = try imports(of: file).intersection(banned)
            // The proxy's states speak of buffers and addresses, which are values.
            let rest = place.contains("ProxyStateMachine") ? found.subtracting(["NIOCore"]) : found
            #expect(rest.isEmpty, "\(file.lastPathComponent) imports \(rest)")
        }
    }

    @Test("an executable that starts a daemon holds under 60 lines a file")
    func thinExecutables() throws {
        for name in Self.allowed.keys where name.hasPrefix("flock-") {
            for file in try swiftFiles(under: "Sources/\(name)") {
                let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").count
                #expect(lines < 60, "\(file.lastPathComponent) has \(lines) lines")
            }
        }
    }

    private func swiftFiles(under path: String) throws -> [URL] {
        let url = Self.root.appendingPathComponent(path)
        if path.hasSuffix(".swift") { return [url] }
        let files =
            FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        let swift = files.filter { $0.pathExtension == "swift" }
        try #require(!swift.isEmpty, "\(path) holds no source")
        return swift
    }

    private func imports(of file: URL) throws -> Set<String> {
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        return Set(
            lines.compactMap { line in
                let words = line.split(separator: " ").filter {
                    !["public", "internal", "package", "@testable", "@preconcurrency"].contains($0)
                }
                return words.first == "import" ? words.dropFirst().last.map(String.init) : nil
            })
    }

    /// `swift` of the toolchain that runs the tests.
    private static var toolchain: [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        return ["PATH": path, "HOME": ProcessInfo.processInfo.environment["HOME"] ?? "/tmp"]
    }
}

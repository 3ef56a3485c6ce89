import AsyncHTTPClient
import FlockTesting
import Foundation
import Logging
import Marathon
import Synchronization

@testable import FlockEngine

/// A state folder on which one agent after the other works.
final class MachineAgentSite: Sendable {
    let folder: TemporaryFolder
    let launcher: BareLauncher
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
    let total: Resources

    init(ports: ClosedRange<Int>? = nil) throws {
        folder = try TemporaryFolder()
        launcher = try BareLauncher(folder: folder.path + "/boxes")
        total = Resources(cpus: 4, mem: 1024, disk: 1024, ports: [ports ?? freePortRange(10)])
    }

    /// Runs the test, and leaves no process behind.
    static func with(_ test: (MachineAgentSite) async throws -> Void) async throws {
        let site = try MachineAgentSite()
        let result: Result<Void, any Error>
        do {
            try await test(site)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let last = site.agent()
        await last.agent.killAll(grace: .zero)
        await last.agent.stop()
        try await site.http.shutdown()
        try result.get()
    }

    /// An agent as a new engine makes it, and what it tells.
    func agent(
        bootID: String = ProcessIdentity.bootID(), clock: AgentClock = .continuous,
        dies: @escaping @Sendable (FaultPoint) -> Bool = { _ in false }
    ) -> Told {
        Told(
            MachineAgent(
                folder: folder.path, launcher: launcher, total: total, agentID: "agent-1", host: "127.0.0.1",
                http: http, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: clock,
                bootID: bootID, dies: dies))
    }

    func task(_ cmd: String, ports: [Int] = [], _ change: (inout AppDefinition) -> Void = { _ in }) -> TaskLaunch {
        var definition = EngineExamples.definition(cmd: cmd)
        change(&definition)
        return TaskLaunch(
            taskID: "a.instance-\(UUID().uuidString.lowercased())._app.1", appID: "/a", version: "v1",
            definition: definition, host: "127.0.0.1", ports: ports,
            resources: Resources(cpus: 0.1, mem: 64, disk: 0, ports: ports.map { $0...$0 }))
    }

    func sandbox(_ task: TaskLaunch) -> String { TaskFolders(root: folder.path).sandbox(task.taskID) }
    func run(_ task: TaskLaunch) -> String { RunStore(folder: folder.path).folder(task.taskID) }

    func output(_ task: TaskLaunch, _ name: String = "stdout") -> String {
        (try? String(contentsOfFile: "\(sandbox(task))/\(name)", encoding: .utf8)) ?? ""
    }

    /// Words of the task's output that are numbers.
    func numbers(_ task: TaskLaunch) -> [Int32] {
        output(task).split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    /// Whether nothing of the task is left but its sandbox.
    func isClean(_ task: TaskLaunch) -> Bool {
        launcher.processes(of: task.taskID).isEmpty && !launcher.boxes().contains(task.taskID)
            && !FileManager.default.fileExists(atPath: run(task))
    }

    /// An agent and what it has told so far.
    final class Told: Sendable {
        let agent: MachineAgent
        private let heard = Mutex<(statuses: [TaskStatus], offers: [Offer])>(([], []))

        init(_ agent: MachineAgent) {
            self.agent = agent
            Task { [weak self] in
                for await update in agent.updates {
                    self?.heard.withLock { heard in
                        switch update {
                        case .status(let status): heard.statuses.append(status)
                        case .offer(let offer): heard.offers.append(offer)
                        case .rescind: break
                        }
                    }
                }
            }
        }

        var offers: [Offer] { heard.withLock { $0.offers } }

        func statuses(_ task: TaskLaunch) -> [TaskStatus] {
            heard.withLock { $0.statuses.filter { $0.taskID == task.taskID } }
        }

        func ends(_ task: TaskLaunch) -> [TaskStatus] { statuses(task).filter(\.state.isTerminal) }

        /// Offers what there is, and runs the task.
        func run(_ task: TaskLaunch) async throws {
            try await start(task)
            try await eventually("\(task.taskID) runs: \(statuses(task))") {
                statuses(task).contains { $0.state == .running }
            }
        }

        /// As a scheduler without tasks begins, and accepts the first offer.
        func start(_ task: TaskLaunch) async throws {
            if offers.isEmpty { await agent.reconcile([]) }
            try await eventually("an offer") { !offers.isEmpty }
            await agent.accept(offers.last?.id ?? "", launching: [task])
        }

        /// Waits for the task's end.
        func end(_ task: TaskLaunch) async throws -> TaskStatus {
            try await eventually("\(task.taskID) ends: \(statuses(task))") { !ends(task).isEmpty }
            return ends(task)[0]
        }

        /// Waits until the task has written a line.
        func wait(_ task: TaskLaunch, of site: MachineAgentSite, for text: String = "up") async throws {
            try await eventually(
                "\(task.taskID) says \(text)", or: "\(statuses(task)) \(site.output(task, "stderr"))"
            ) {
                site.output(task).contains(text)
            }
        }
    }
}

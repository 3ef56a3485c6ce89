import HAProxy

/// Asks HAProxy what it carries. Old workers are asked too: what they carry is under way as well.
struct UsageReader: Sendable {
    let runtime: RuntimeSocket
    let master: MasterSocket

    /// Requests and connections that each of a backend's servers carries; without the backup server.
    /// - Parameter isPresent: whether the present worker has the backend.
    func sessions(of backend: HAProxyName, isPresent: Bool) async throws -> [String: Int] {
        var rows: [StatsRow] = []
        if isPresent { rows = try await runtime.statistics(of: backend) }
        for worker in try await master.showProcesses().workers where worker.old {
            rows += try await statistics(of: backend, inOld: worker.pid)
        }
        return rows.filter { $0.kind == .server && $0.server.hasPrefix("s") && !$0.server.hasPrefix("server") }
            .reduce(into: [:]) { $0[$1.server, default: 0] += $1.currentSessions }
    }

    /// One that has ended meanwhile, or that never had the backend, carries nothing.
    private func statistics(of backend: HAProxyName, inOld worker: Int32) async throws -> [StatsRow] {
        do {
            return try await master.statistics(of: worker, backend: backend)
        } catch  where error.code == .refused {
            return []
        }
    }

    /// How the apps are used that HAProxy remembers.
    func usage() async throws -> [AppUsage] {
        let table = HAProxyName(literal: "flock_use")
        var rows = try await runtime.table(table)
        for worker in try await master.showProcesses().workers where worker.old {
            let answer = try? await master.run(on: worker.pid, .showTable(table))
            rows += try answer.map(StickTableEntry.rows) ?? []
        }
        return Dictionary(grouping: rows, by: \.key).values.map(AppUsage.init).sorted { $0.app < $1.app }
    }
}

import FlockCore
import Foundation

extension Resources {
    /// What settings give to tasks, or what this machine has. Shares of cores bend, memory does not: four times the
    /// cores are given out, and nine tenths of the memory.
    /// - Parameter folder: where tasks write; what is free on its disk is the machine's disk.
    init(_ settings: Settings.Engine, folder: String) {
        let mebibyte = 1_048_576.0
        let disk = try? FileManager.default.attributesOfFileSystem(forPath: folder)[.systemFreeSize] as? NSNumber
        self.init(
            cpus: settings.cpus.value ?? Double(ProcessInfo.processInfo.activeProcessorCount * 4),
            mem: settings.mem.value
                ?? (Double(ProcessInfo.processInfo.physicalMemory) / mebibyte * 0.9).rounded(.down),
            disk: settings.disk.value ?? ((disk?.doubleValue ?? 0) / mebibyte).rounded(.down),
            ports: [settings.ports.ports])
    }
}

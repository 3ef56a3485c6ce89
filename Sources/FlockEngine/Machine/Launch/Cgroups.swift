import Foundation

/// The control groups that the engine itself writes: one folder of boxes in each hierarchy that holds a controller.
struct Cgroups: Sendable {
    private struct Parent: Sendable, Hashable {
        var folder: String
        var version: BoxLimits.Version
    }

    /// Where boxes are made, by what is limited there.
    private let limiting: [BoxLimits.Controller: Parent]
    /// Where boxes are made only so that their processes are known: no controller is to be had.
    private let tracking: Parent?

    /// Makes the folders of boxes, and lets version 2 pass on its controllers where it may.
    /// - Parameter name: of the folder; engines with different ones do not see each other's boxes.
    /// - Throws: ``EngineError`` when no hierarchy can be written.
    init(_ mounts: CgroupMounts, name: String) throws {
        var limiting: [BoxLimits.Controller: Parent] = [:]
        var refusal = "none is mounted"
        func parent(_ mountPoint: String, _ version: BoxLimits.Version) -> Parent? {
            let folder = "\(mountPoint)/\(name)"
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                return Parent(folder: folder, version: version)
            } catch {
                refusal = "\(folder) cannot be made"
                return nil
            }
        }
        for controller in BoxLimits.Controller.allCases {
            if let mountPoint = mounts.v1[controller.rawValue] {
                limiting[controller] = parent(mountPoint, .v1)
            } else if let mountPoint = mounts.v2, mounts.v2Controllers.contains(controller.rawValue),
                let parent = parent(mountPoint, .v2)
            {
                // Fails where processes stand in the group itself, as in many containers.
                for folder in [mountPoint, parent.folder] {
                    try? Self.write("+\(controller.rawValue)", to: "\(folder)/cgroup.subtree_control")
                }
                let passed = Self.read("\(parent.folder)/cgroup.subtree_control")
                if passed.split(whereSeparator: \.isWhitespace).contains(Substring(controller.rawValue)) {
                    limiting[controller] = parent
                }
            }
        }
        if let parent = limiting[.cpu], let top = name.split(separator: "/").first {
            let weight = BoxLimits.weight(cores: ProcessInfo.processInfo.activeProcessorCount, parent.version)
            // Of the folder that all engines of this machine share.
            try? Self.write(weight.value, to: "\(parent.folder.dropLast(name.utf8.count))\(top)/\(weight.file)")
        }
        tracking = limiting.isEmpty ? mounts.v2.flatMap { parent($0, .v2) } : nil
        self.limiting = limiting
        guard !limiting.isEmpty || tracking != nil else {
            throw EngineError(
                code: .isolationRefused,
                message: "no control group can be written: \(refusal). In a container, mount /sys/fs/cgroup writable "
                    + "(docker: --privileged), or run flock-engine as an ordinary user with isolation plain")
        }
    }

    /// What cannot be limited here.
    var missing: [BoxLimits.Controller] { BoxLimits.Controller.allCases.filter { limiting[$0] == nil } }

    private var parents: Set<Parent> { Set(limiting.values).union(tracking.map { [$0] } ?? []) }

    /// The box's group in every hierarchy; a process of the box has to join all of them.
    func folders(of taskID: String) -> [String] {
        parents.map { "\($0.folder)/\(BoxName.of(taskID))" }.sorted()
    }

    func create(_ taskID: String, _ limits: BoxLimits) throws {
        do {
            for folder in folders(of: taskID) {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            for controller in limiting.keys { try set(controller, of: taskID, limits) }
        } catch {
            throw EngineError(code: .isolationRefused, message: "the box of \(taskID) cannot be made: \(error)")
        }
    }

    /// Writes what the box may use of one kind.
    func set(_ controller: BoxLimits.Controller, of taskID: String, _ limits: BoxLimits) throws {
        guard let parent = limiting[controller] else { return }
        for setting in limits.settings(controller, parent.version) {
            let file = "\(parent.folder)/\(BoxName.of(taskID))/\(setting.file)"
            if setting.isOptional && !FileManager.default.fileExists(atPath: file) { continue }
            try Self.write(setting.value, to: file)
        }
    }

    func processes(of taskID: String) -> Set<Int32> {
        guard let folder = folders(of: taskID).first else { return [] }
        return Set(Self.read("\(folder)/cgroup.procs").split(separator: "\n").compactMap { Int32($0) })
    }

    func hasHitMemoryLimit(_ taskID: String) -> Bool {
        guard let parent = limiting[.memory] else { return false }
        let folder = "\(parent.folder)/\(BoxName.of(taskID))"
        switch parent.version {
        case .v1:
            // Not the failures, which are also counted when memory could be freed in time, or not at all.
            return Self.count("oom_kill", in: Self.read("\(folder)/memory.oom_control")) > 0
        case .v2:
            // Without the second the machine as a whole ran out.
            let events = Self.read("\(folder)/memory.events")
            return Self.count("oom_kill", in: events) > 0 && Self.count("oom", in: events) > 0
        }
    }

    /// A group whose processes have just ended may be busy for a moment.
    func remove(_ taskID: String) {
        for folder in folders(of: taskID) {
            var attempts = 50
            while unsafe rmdir(folder) != 0, errno == EBUSY, attempts > 0 {
                attempts -= 1
                usleep(1000)
            }
        }
    }

    func boxes() -> Set<String> {
        Set(
            parents.flatMap { (try? FileManager.default.contentsOfDirectory(atPath: $0.folder)) ?? [] }
                .compactMap(BoxName.taskID))
    }

    /// Of a line `name number`.
    static func count(_ name: String, in text: String) -> Int {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return Int(words[1]) ?? 0 }
        }
        return 0
    }

    private static func read(_ file: String) -> String {
        (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    }

    /// The kernel takes a value in one write, and refuses it there.
    private static func write(_ value: String, to file: String) throws {
        guard let handle = FileHandle(forWritingAtPath: file) else {
            throw EngineError(code: .isolationRefused, message: "\(file) cannot be written")
        }
        defer { try? handle.close() }
        do { try handle.write(contentsOf: Data(value.utf8)) } catch {
            throw EngineError(code: .isolationRefused, message: "\(file) does not take \(value): \(error)")
        }
    }
}

/// The symbolic links of a tree, to find out where each leads when the tree is unpacked.
struct LinkMap {
    /// As in Linux, which gives up with ELOOP.
    private static let followLimit = 40
    private static let stepLimit = 256
    /// Bytes of a target; a longer one is refused unread.
    static let targetLimit = 1024
    private static let slash = UInt8(ascii: "/")

    /// Targets by the links' paths.
    private var targets: [[UInt8]: [UInt8]] = [:]

    mutating func add(_ path: [UInt8], target: [UInt8]) {
        targets[path] = target
    }

    /// Why the link at `path` is refused, or nil if it stays inside. A link to nothing is allowed where it is inside: a
    /// build may make its target.
    ///
    /// Links on the way are followed, since `a/../x` is not `x` where `a` is a link.
    func refusal(of path: [UInt8]) -> String? {
        guard let target = targets[path] else { return nil }
        var reached = Array(path[..<(path.lastIndex(of: Self.slash) ?? 0)])
        // A stack: the next part is the last.
        var parts: [ArraySlice<UInt8>] = []
        var follows = 0
        var steps = 0
        if let refusal = Self.push(target, on: &parts) { return refusal }
        while let part = parts.popLast() {
            steps += 1
            guard steps <= Self.stepLimit else { return "a link with too many parts" }
            if part.elementsEqual(".".utf8) { continue }
            if part.elementsEqual("..".utf8) {
                guard !reached.isEmpty else { return "a link that leads out of the tree" }
                reached.removeSubrange((reached.lastIndex(of: Self.slash) ?? 0)...)
                continue
            }
            let parent = reached
            if !reached.isEmpty { reached.append(Self.slash) }
            reached.append(contentsOf: part)
            guard let target = targets[reached] else { continue }
            follows += 1
            guard follows <= Self.followLimit else { return "a link that leads back to itself" }
            if let refusal = Self.push(target, on: &parts) { return refusal }
            reached = parent
        }
        return nil
    }

    private static func push(_ target: [UInt8], on parts: inout [ArraySlice<UInt8>]) -> String? {
        guard !target.isEmpty, target.count <= targetLimit else {
            return "a link whose target is empty or longer than \(targetLimit) bytes"
        }
        guard target.first != slash else { return "a link to an absolute path" }
        guard !target.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return "a link with a control character" }
        parts.append(contentsOf: target.split(separator: slash).reversed())
        return nil
    }
}

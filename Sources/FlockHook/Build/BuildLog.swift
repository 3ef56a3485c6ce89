import FlockCore
import Foundation

/// The whole output of a deploy's build, as a file that is kept.
struct BuildLog: Sendable {
    private static let limit = 8 << 20

    static func path(of deploy: Int64, in state: StateFolder) -> String { "\(state.hook)/builds/\(deploy).log" }

    private let file: FileHandle
    private var size = 0

    /// An earlier attempt's is replaced.
    init(deploy: Int64, in state: StateFolder) throws {
        try FileManager.default.createDirectory(
            atPath: "\(state.hook)/builds", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = Self.path(of: deploy, in: state)
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw DeployFailure(code: "internal", message: "\(path) cannot be written") }
        self.file = file
    }

    mutating func append(_ lines: [String]) throws {
        guard size < Self.limit else { return }
        var data = Data(lines.map { "\($0)\n" }.joined().utf8)
        size += data.count
        if size >= Self.limit { data.append(contentsOf: Array("(what follows was not kept)\n".utf8)) }
        try file.write(contentsOf: data)
    }

    func close() { try? file.close() }
}

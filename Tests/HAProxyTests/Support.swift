import FlockTesting
import Foundation
import HAProxy

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension TemporaryFolder {
    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
    }
}

/// A client that has sent half of the head of a request.
final class OpenRequest {
    private var descriptor: Int32

    init(port: Int) throws {
        #if os(Linux)
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Le".utf8)
        guard result == 0, send(descriptor, head, head.count, 0) == head.count else {
            throw NeverHappened(description: "no connection to \(port): \(errno)")
        }
    }

    func close() {
        guard descriptor >= 0 else { return }
        shutdown(descriptor, 2)
        _ = Foundation.close(descriptor)
        descriptor = -1
    }
}

func processExists(_ pid: Int32) -> Bool {
    kill(pid, 0) == 0
}

/// A HAProxy of its own: a frontend at `port`, a backend `app` with two slots, both disabled, and a frontend at
/// `taskPort` that answers as an app's task would.
struct HAProxySite {
    let folder: TemporaryFolder
    let files: HAProxyFiles
    let port: Int
    let taskPort: Int

    var runtime: RuntimeSocket { RuntimeSocket(path: folder.file("a.sock")) }
    var map: PathToken { PathToken(folder.file("paths.map"))! }
    var task: AddressToken { AddressToken(ip: "127.0.0.1", port: taskPort)! }

    init() async throws {
        folder = try TemporaryFolder()
        let ports = try await freePorts(2)
        (port, taskPort) = (ports[0], ports[1])
        files = HAProxyFiles(
            configuration: folder.file("haproxy.cfg"), masterSocket: folder.file("m.sock"),
            pidFile: folder.file("pid"), logFile: folder.file("log"))
        try folder.write("/seed app\n", to: "paths.map")
        try writeConfiguration()
    }

    func writeConfiguration(adding more: String = "") throws {
        let text = """
            global
              noreuseport
              hard-stop-after 10s
              nbthread 1
              stats socket \(folder.file("a.sock")) mode 600 level admin expose-fd listeners
            defaults d
              mode http
              timeout connect 250ms
              timeout client 10s
              timeout server 10s
            frontend web from d
              bind 127.0.0.1:\(port)
              use_backend %[path,map(\(folder.file("paths.map")),app)]
            backend app from d
              server-template s 1-2 127.0.0.1:1 disabled
            backend other from d
              http-request return status 200 content-type text/plain string "other"
            frontend task from d
              bind 127.0.0.1:\(taskPort)
              http-request return status 200 content-type text/plain string "task"
            \(more)

            """
        try folder.write(text, to: "haproxy.cfg")
    }

    /// A program in HAProxy's place that says nothing and doesn't end.
    func makeSilentProgram() throws -> String {
        try folder.write("#!/bin/sh\nexec sleep 600\n", to: "silent")
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.file("silent"))
        return folder.file("silent")
    }

    func makeProcess() throws -> HAProxyProcess {
        try HAProxyProcess(files: files)
    }

    /// Ends what a test that failed has left: a group of processes whose leader is the master.
    func endLeftovers() {
        guard let line = try? String(contentsOfFile: files.pidFile, encoding: .utf8),
            let master = Int32(line.trimmingCharacters(in: .whitespacesAndNewlines)), master > 1
        else { return }
        kill(-master, SIGKILL)
    }

    /// Runs the body with HAProxy started, and leaves no process and no folder.
    static func serving(_ body: (HAProxySite, HAProxyProcess) async throws -> Void) async throws {
        let site = try await HAProxySite()
        let process = try site.makeProcess()
        try await process.start()
        do {
            try await body(site, process)
        } catch {
            try await process.stop(graceful: .zero)
            throw error
        }
        try await process.stop(graceful: .zero)
    }

    /// The status and the body that the frontend answers.
    func get(_ path: String = "/") async throws -> (status: Int, body: String) {
        let session = URLSession(configuration: .ephemeral)
        defer { session.invalidateAndCancel() }
        var request = URLRequest(url: URL(string: "http://127.0.0.1:\(port)\(path)")!)
        request.timeoutInterval = 10
        let (data, response) = try await session.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}

extension HAProxyName {
    static let app = HAProxyName("app")!
    static let s1 = HAProxyName("s1")!
    static let s2 = HAProxyName("s2")!
}

import Dispatch
import FlockTesting
import Foundation
import NIOCore
import Testing

/// A real app: a Node server that does what the path says. It ends when its standard input ends, so it can't outlive
/// the tests.
final class ProxyNodeApp: Sendable {
    let address: SocketAddress
    private let stop: @Sendable () -> Void

    private init(address: SocketAddress, stop: @escaping @Sendable () -> Void) {
        self.address = address
        self.stop = stop
    }

    /// Runs the app for as long as the body runs.
    static func with(_ body: (ProxyNodeApp) async throws -> Void) async throws {
        let app = try await Self.offThePool { try Self.start() }
        do {
            try await body(app)
        } catch {
            try await Self.offThePool(app.stop)
            throw error
        }
        try await Self.offThePool(app.stop)
    }

    private static func start() throws -> ProxyNodeApp {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("proxy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script = folder.appendingPathComponent("app.js")
        try Self.script.write(to: script, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/node")
        process.arguments = [script.path]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.start()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines))
        return ProxyNodeApp(address: try SocketAddress(ipAddress: "127.0.0.1", port: try #require(port))) {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
            try? FileManager.default.removeItem(at: folder)
        }
    }

    /// Starting and ending a process block, so they don't run on the threads the tests share.
    private static func offThePool<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }

    private static let script = """
        const http = require('http');
        let events = null, sent = 0, sockets = 0, busy = 0, most = 0;
        const order = [];
        const server = http.createServer((req, res) => {
          const path = req.url.split('?')[0];
          if (path === '/hello') { res.setHeader('content-length', 6); return res.end('hello\\n'); }
          if (path === '/plain') { res.write('plain'); return res.end(' text'); }
          if (path === '/echo') {
            if (req.headers['x-length']) res.setHeader('content-length', req.headers['x-length']);
            return req.pipe(res);
          }
          if (path === '/headers') {
            const body = JSON.stringify({socket: req.socket.number, version: req.httpVersion, ...req.headers}) + '\\n';
            res.setHeader('content-length', body.length);
            res.setHeader('keep-alive', 'timeout=77');
            return res.end(body);
          }
          if (path === '/trailers') {
            req.resume();
            return req.on('end', () => {
              res.setHeader('trailer', 'x-sum');
              res.write('body');
              res.addTrailers({'x-sum': 'got ' + req.trailers['x-up']});
              res.end();
            });
          }
          if (path === '/204') { res.statusCode = 204; return res.end(); }
          if (path === '/304') { res.statusCode = 304; return res.end(); }
          if (path === '/events') {
            res.setHeader('content-type', 'text/event-stream');
            res.write('data: one\\n\\n');
            events = res;
            return;
          }
          if (path === '/release') { events.end('data: two\\n\\n'); return res.end('ok\\n'); }
          if (path === '/die') {
            res.setHeader('content-type', 'text/plain');
            return res.write('partial', () => setImmediate(() => req.socket.destroy()));
          }
          if (path === '/abort') return req.socket.destroy();
          if (path === '/big') {
            const block = Buffer.alloc(65536, 97), total = 3000;
            res.setHeader('content-length', block.length * total);
            let n = 0;
            const more = () => {
              while (n < total) {
                n++;
                const room = res.write(block);
                sent += block.length;
                if (!room) return res.once('drain', more);
              }
              res.end();
            };
            return more();
          }
          if (path === '/sink') return;
          if (path === '/work' || path === '/slow') {
            // Takes a while, so that those which come together are seen together.
            order.push(req.url.split('?')[1]);
            most = Math.max(most, ++busy);
            return setTimeout(() => { busy--; res.end('done'); }, path === '/slow' ? 250 : 20);
          }
          if (path === '/most') {
            const b = JSON.stringify({most, order}) + ';';
            res.setHeader('content-length', b.length);
            return res.end(b);
          }
          if (path === '/flock') {
            res.setHeader('X-Flock-Woke', '987654321');
            res.setHeader('x-flock-code', 'forged');
            res.setHeader('X-Other', 'kept');
            res.setHeader('trailer', 'x-flock-late');
            res.write('body');
            res.addTrailers({'X-Flock-Late': 'forged'});
            return res.end();
          }
          if (path === '/count') {
            let bytes = 0;
            req.on('data', chunk => { bytes += chunk.length; });
            return req.on('end', () => { const b = `bytes=${bytes};`; res.setHeader('content-length', b.length); res.end(b); });
          }
          if (path === '/sent') { const b = `sent=${sent};`; res.setHeader('content-length', b.length); return res.end(b); }
          res.statusCode = 404; res.end();
        });
        server.keepAliveTimeout = 600000;
        server.on('connection', socket => { socket.number = ++sockets; });
        server.on('upgrade', (req, socket, head) => {
          socket.on('error', () => {});
          const hello = 'HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n';
          if (req.url === '/bye') return socket.end(hello + 'bye');
          if (req.url === '/refuse') return socket.end('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\n\\r\\nno');
          socket.write(hello + 'welcome;');
          if (head.length) socket.write(head);
          socket.pipe(socket);
        });
        server.listen(0, '127.0.0.1', () => console.log(server.address().port));
        process.stdin.resume().on('end', () => process.exit(0));
        """
}

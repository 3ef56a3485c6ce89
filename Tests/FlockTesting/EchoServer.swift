import Foundation

/// A small server in C that comes up in a millisecond and says what it got: its app, method, path, and the size and
/// hash of the body. It ends at once when it is told to, whatever it does.
public struct EchoServer: Sendable {
    /// The program.
    public let path: String

    /// Compiles it into the folder.
    public init(in folder: TemporaryFolder) async throws {
        path = "\(folder.path)/echo"
        try Self.source.write(toFile: "\(path).c", atomically: true, encoding: .utf8)
        let cc = try await run("cc", ["-O2", "-static", "-pthread", "-o", path, "\(path).c"])
        guard cc.isSuccess else { throw NeverHappened(description: "cc: \(cc.output)") }
    }

    /// The Marathon app `/<slug>-1.0.0`, as JSON.
    /// - Parameters:
    ///   - options: what the label FLOCK_HTTP says.
    ///   - scale: what the label FLOCK_SCALE says.
    public func definition(slug: String, instances: Int, options: String, scale: String) throws -> String {
        let definition: [String: Any] = [
            "cmd": "exec ./echo", "cpus": 0.5, "mem": 32, "instances": instances,
            "fetch": [["uri": path, "executable": true]],
            "labels": [
                "FLOCK_APP": slug, "FLOCK_VERSION": "1.0.0", "FLOCK_SCALE": scale, "FLOCK_HTTP": options,
            ],
            "healthChecks": [["protocol": "HTTP", "path": "/health", "gracePeriodSeconds": 60, "intervalSeconds": 5]],
            "upgradeStrategy": ["minimumHealthCapacity": 1, "maximumOverCapacity": 1],
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: definition), as: UTF8.self)
    }

    /// `?wait=20` in the path makes the answer wait for 20 ms, `?until=go` until there is a file `go` in its folder.
    private static let source = #"""
        #define _GNU_SOURCE
        #include <arpa/inet.h>
        #include <netinet/tcp.h>
        #include <pthread.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/socket.h>
        #include <unistd.h>

        static const char *app;

        static int answer(int fd, const char *method, const char *path, long length, unsigned hash) {
          char body[1400], out[1600];
          int size = snprintf(body, sizeof body, "%s %s %s %ld %08x", app, method, path, length, hash);
          int n = snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", size, body);
          return send(fd, out, n, MSG_NOSIGNAL) == n ? 0 : -1;
        }

        static void *serve(void *argument) {
          int fd = (int)(long)argument;
          char buffer[65536], method[16], path[1024];
          ssize_t have = 0, n;
          for (;;) {
            char *end;
            while (buffer[have] = 0, !(end = strstr(buffer, "\r\n\r\n"))) {
              n = recv(fd, buffer + have, sizeof buffer - 1 - have, 0);
              if (n <= 0) goto out;
              have += n;
            }
            *end = 0;
            char *header = strcasestr(buffer, "\r\ncontent-length:");
            long length = header ? atol(header + 17) : 0;
            int last = strcasestr(buffer, "\r\nconnection: close") != 0;
            if (sscanf(buffer, "%15s %1023s", method, path) != 2) goto out;
            have -= end + 4 - buffer;
            memmove(buffer, end + 4, have);
            unsigned hash = 2166136261u;
            for (long left = length; left > 0;) {
              if (have == 0 && (have = recv(fd, buffer, sizeof buffer - 1, 0)) <= 0) goto out;
              ssize_t take = have < left ? have : left;
              for (ssize_t i = 0; i < take; i++) hash = (hash ^ (unsigned char)buffer[i]) * 16777619u;
              left -= take;
              have -= take;
              memmove(buffer, buffer + take, have);
            }
            char *wait = strstr(path, "wait=");
            if (wait) usleep(atoi(wait + 5) * 1000);
            char *until = strstr(path, "until=");
            while (until && access(until + 6, F_OK) != 0) usleep(10000);
            if (answer(fd, method, path, length, hash) != 0 || last) goto out;
          }
        out:
          close(fd);
          return 0;
        }

        int main(void) {
          app = getenv("MARATHON_APP_ID");
          struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT")))};
          inet_pton(AF_INET, getenv("HOST"), &address.sin_addr);
          int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
          setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
          if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) return 1;
          pthread_attr_t small;
          pthread_attr_init(&small);
          pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
          pthread_attr_setstacksize(&small, 128 << 10);
          for (;;) {
            int fd = accept(listener, 0, 0);
            if (fd < 0) continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            pthread_t thread;
            if (pthread_create(&thread, &small, serve, (void *)(long)fd)) close(fd);
          }
        }

        """#
}

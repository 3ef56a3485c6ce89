// A static server as small as one can be: what remains of a wake is what is around it.
// Listens on HOST:PORT, or on the socket that systemd-socket-activate hands over as descriptor 3. Answers each request
// head (bodies are not expected) with the word of its first argument and the time at which main began, in nanoseconds
// since 1970.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096 };
// How much of the empty line that ends a head has been read from each connection.
static unsigned char matched[DESCRIPTORS];

static int listen_at(const char *host, const char *port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1 || bind(listener, (void *)&address, sizeof address) ||
      listen(listener, 1024)) {
    perror("listen");
    exit(1);
  }
  return listener;
}

int main(int count, char **words) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  char body[128], answer[512];
  snprintf(body, sizeof body, "%s %lld\n", count > 1 ? words[1] : "task", now.tv_sec * 1000000000LL + now.tv_nsec);
  int length = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(body), body);

  const char *host = getenv("HOST"), *port = getenv("PORT");
  int listener = getenv("LISTEN_FDS") ? 3 : listen_at(host ? host : "127.0.0.1", port ? port : "0");
  int poll = epoll_create1(EPOLL_CLOEXEC), one = 1;
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll, events, 64, -1);
    for (int index = 0; index < ready; index++) {
      int descriptor = events[index].data.fd;
      if (descriptor == listener) {
        int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) continue;
        if (client >= DESCRIPTORS) {
          close(client);
          continue;
        }
        matched[client] = 0;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = client};
        epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
        continue;
      }
      char bytes[16384];
      ssize_t size = read(descriptor, bytes, sizeof bytes);
      if (size < 0 && errno == EAGAIN) continue;
      if (size <= 0) {
        close(descriptor);
        continue;
      }
      for (ssize_t byte = 0; byte < size; byte++) {
        unsigned char place = matched[descriptor];
        place = bytes[byte] == "\r\n\r\n"[place] ? place + 1 : bytes[byte] == '\r';
        if (place == 4) {
          place = 0;
          if (write(descriptor, answer, length) != length) break;
        }
        matched[descriptor] = place;
      }
    }
  }
}

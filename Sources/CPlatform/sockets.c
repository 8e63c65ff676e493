#include "CPlatform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int apus_resolve(const char *host, uint16_t port, struct apus_address *addresses, int capacity) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, service, &hints, &found);
    if (code != 0) return code < 0 ? code : -code;
    int count = 0;
    for (struct addrinfo *each = found; each != NULL && count < capacity; each = each->ai_next) {
        if (each->ai_addrlen > sizeof addresses[count].bytes) continue;
        memcpy(addresses[count].bytes, each->ai_addr, each->ai_addrlen);
        addresses[count].byte_count = each->ai_addrlen;
        count += 1;
    }
    freeaddrinfo(found);
    return count;
}

const char *apus_resolver_message(int code) { return gai_strerror(code); }

int apus_address_text(const struct apus_address *address, char *text, size_t capacity, uint16_t *port) {
    struct sockaddr_storage storage;
    memcpy(&storage, address->bytes, sizeof storage);
    const void *raw;
    switch (storage.ss_family) {
    case AF_INET:
        raw = &((struct sockaddr_in *)&storage)->sin_addr;
        *port = ntohs(((struct sockaddr_in *)&storage)->sin_port);
        break;
    case AF_INET6:
        raw = &((struct sockaddr_in6 *)&storage)->sin6_addr;
        *port = ntohs(((struct sockaddr_in6 *)&storage)->sin6_port);
        break;
    default:
        return -EAFNOSUPPORT;
    }
    return inet_ntop(storage.ss_family, raw, text, (socklen_t)capacity) != NULL ? 0 : -errno;
}

int apus_address_bytes(const struct apus_address *address, uint8_t bytes[16]) {
    struct sockaddr_storage storage;
    memcpy(&storage, address->bytes, sizeof storage);
    if (storage.ss_family == AF_INET) {
        static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
        memcpy(bytes, mapped, 12);
        memcpy(bytes + 12, &((struct sockaddr_in *)&storage)->sin_addr, 4);
        return 1;
    }
    if (storage.ss_family == AF_INET6) {
        memcpy(bytes, &((struct sockaddr_in6 *)&storage)->sin6_addr, 16);
        return 1;
    }
    return 0;
}

static int fail_and_close(int descriptor) {
    int code = errno;
    close(descriptor);
    return -code;
}

int apus_bind(const struct apus_address *address) {
    struct sockaddr_storage storage;
    memcpy(&storage, address->bytes, sizeof storage);
    int descriptor = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    int one = 1, zero = 0;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0) return fail_and_close(descriptor);
    if (storage.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&((struct sockaddr_in6 *)&storage)->sin6_addr)
        && setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero) != 0)
        return fail_and_close(descriptor);
    if (bind(descriptor, (struct sockaddr *)&storage, address->byte_count) != 0) return fail_and_close(descriptor);
    return descriptor;
}

int apus_listen(const struct apus_address *address, int backlog) {
    int descriptor = apus_bind(address);
    if (descriptor >= 0 && listen(descriptor, backlog) != 0) return fail_and_close(descriptor);
    return descriptor;
}

int apus_local_address(int descriptor, struct apus_address *address) {
    memset(address, 0, sizeof *address);
    socklen_t count = sizeof address->bytes;
    if (getsockname(descriptor, (struct sockaddr *)address->bytes, &count) != 0) return -errno;
    address->byte_count = count;
    return 0;
}

int apus_accept(int listener, struct apus_address *peer) {
    memset(peer, 0, sizeof *peer);
    for (;;) {
        socklen_t count = sizeof peer->bytes;
        int descriptor = accept4(listener, (struct sockaddr *)peer->bytes, &count, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            peer->byte_count = count;
            return descriptor;
        }
        if (errno != EINTR) return -errno;
    }
}

int apus_set_no_delay(int descriptor) {
    int one = 1;
    return setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0 ? 0 : -errno;
}

int apus_limit_unsent(int descriptor, int byte_count) {
    return setsockopt(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &byte_count, sizeof byte_count) == 0 ? 0 : -errno;
}

int apus_refuse_new_handshakes(int listener) {
    // The filter sees the TCP header first; byte 13 holds the flags, 0x02 is SYN.
    struct sock_filter drop_syn[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    struct sock_fprog program = {.len = sizeof drop_syn / sizeof drop_syn[0], .filter = drop_syn};
    return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 ? 0 : -errno;
}

int64_t apus_receive(int descriptor, void *bytes, size_t capacity) {
    for (;;) {
        ssize_t count = recv(descriptor, bytes, capacity, 0);
        if (count >= 0) return count;
        if (errno != EINTR) return -errno;
    }
}

int64_t apus_send(int descriptor, const void *bytes, size_t count) {
    for (;;) {
        ssize_t sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno != EINTR) return -errno;
    }
}

void apus_discard_input(int descriptor, size_t limit) {
    char scratch[16 * 1024];
    while (limit > 0) {
        size_t wanted = limit < sizeof scratch ? limit : sizeof scratch;
        int64_t count = apus_receive(descriptor, scratch, wanted);
        if (count <= 0) return;
        limit -= (size_t)count;
    }
}

int apus_shutdown_write(int descriptor) { return shutdown(descriptor, SHUT_WR) == 0 ? 0 : -errno; }

// Linux releases the descriptor even when close(2) is interrupted, so it is never retried.
int apus_close(int descriptor) { return close(descriptor) == 0 ? 0 : -errno; }

int apus_reset_on_close(int descriptor) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now) == 0 ? 0 : -errno;
}

/// Linux calls that Swift cannot import well, behind flat functions with explicit sizes.
///
/// Every function that can fail answers a negative errno (`-EAGAIN`), never the global one, and retries by itself
/// when a signal interrupts it.

#ifndef APUS_CPLATFORM_H
#define APUS_CPLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include "crc32c.h"
#include "machine.h"
#include "sha256.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Sockets (sockets.c)

/// An IPv4 or IPv6 address with its port, ready for bind(2) and as accept(2) gives it.
struct apus_address {
    uint8_t bytes[128];
    uint32_t byte_count;
};

/// Resolves `host` (a numeric address or a name) for listening on `port`; writes up to `capacity` addresses.
/// Answers how many there are, or minus the resolver's code (`EAI_NONAME` …), for `apus_resolver_message`.
int apus_resolve(const char *host, uint16_t port, struct apus_address *addresses, int capacity);
const char *apus_resolver_message(int code);

/// Writes the address as text without brackets ("127.0.0.1", "::1") and its port; answers 0 or a negative errno.
int apus_address_text(const struct apus_address *address, char *text, size_t capacity, uint16_t *port);

/// Writes the 16 bytes of the IPv6 form (IPv4 as ::ffff:a.b.c.d); answers 0 when the address is neither.
int apus_address_bytes(const struct apus_address *address, uint8_t bytes[16]);

/// A non-blocking TCP socket that is bound and does not listen. `::` stands for IPv4 as well.
int apus_bind(const struct apus_address *address);
/// As `apus_bind`, and listens.
int apus_listen(const struct apus_address *address, int backlog);
int apus_local_address(int descriptor, struct apus_address *address);

/// Accepts one connection, non-blocking and closed on exec.
int apus_accept(int listener, struct apus_address *peer);

/// Sends small answers at once instead of waiting to fill a segment.
int apus_set_no_delay(int descriptor);

/// Makes send(2) on a TCP socket take no more while so many bytes wait that were never sent (tcp(7), TCP_NOTSENT_LOWAT).
int apus_limit_unsent(int descriptor, int byte_count);

/// Makes a listening TCP socket ignore new handshakes while those under way still complete, so that what the
/// kernel has accepted can be taken before the socket closes.
int apus_refuse_new_handshakes(int listener);

int64_t apus_receive(int descriptor, void *bytes, size_t capacity);
int64_t apus_send(int descriptor, const void *bytes, size_t count);
/// Reads and drops what has arrived, up to `limit` bytes; for a non-blocking socket.
void apus_discard_input(int descriptor, size_t limit);
int apus_shutdown_write(int descriptor);
int apus_close(int descriptor);

/// Makes close(2) reset the connection instead of delivering what is unsent.
int apus_reset_on_close(int descriptor);

// ---- Listeners beside TCP (listeners.c)

/// A stream socket bound to a new file at `path`, mode 0600 at most, that does not listen yet.
int apus_unix_bind(const char *path);
int apus_start_listening(int descriptor, int backlog);

/// Tries to connect: 0 or -EAGAIN when somebody listens there, -ECONNREFUSED when a socket file has nobody behind it.
int apus_unix_probe(const char *path);

/// Writes the path of a Unix socket's address; -EAFNOSUPPORT when it is of another family, -EADDRNOTAVAIL when the
/// socket has no file.
int apus_unix_path(const struct apus_address *address, char *path, size_t capacity);

/// Which file a path names, symbolic links not followed.
struct apus_file_identity {
    uint64_t device;
    uint64_t inode;
    int is_socket;
};
int apus_file_identity(const char *path, struct apus_file_identity *identity);

#define APUS_KEEP_GROUP UINT32_MAX
/// Sets the group, unless it is `APUS_KEEP_GROUP`, and then the mode.
int apus_set_owner(const char *path, uint32_t group, uint32_t mode);
int apus_remove_file(const char *path);

/// Opens a folder and locks it (flock(2)); the lock ends when the descriptor is closed. -EWOULDBLOCK when somebody else
/// still holds it after the timeout.
int apus_lock_folder(const char *path, int timeout_milliseconds);

/// The number of a group; -ENOENT when there is none of that name.
int apus_group_id(const char *name, uint32_t *group);
/// Whether this process may give a file that it owns to the group: it is root's, or the group is one of its own.
int apus_may_give_to_group(uint32_t group);
/// Whether a file could be made in the folder, of which nothing remains: 0 or a negative errno.
int apus_can_make_file(const char *folder);
/// Whether a file could be appended to, or made where there is none, without making it: 0 or a negative errno.
int apus_can_append(const char *path);

struct apus_socket_kind {
    int is_internet;
    int is_unix;
    int is_stream;
    int is_listening;
};
/// Tells what a descriptor from elsewhere is, and makes it non-blocking and closed on exec.
int apus_prepare_inherited(int descriptor, struct apus_socket_kind *kind);

/// How many descriptors the process may have open (RLIMIT_NOFILE).
int apus_descriptor_limit(uint64_t *soft, uint64_t *hard);
int apus_set_descriptor_limit(uint64_t soft);

// ---- Readiness (readiness.c)

/// What a descriptor is ready for.
enum {
    APUS_READABLE = 1,
    APUS_WRITABLE = 2,
    /// The other side will send nothing more.
    APUS_READ_ENDED = 4,
    /// Both directions are gone.
    APUS_HUNG_UP = 8,
};

struct apus_event {
    uint64_t token;
    uint32_t ready;
};

enum { APUS_EVENT_CAPACITY = 256 };

int apus_poll_create(void);
/// Watches a connection for both directions, edge-triggered.
int apus_poll_add_connection(int poll, int descriptor, uint64_t token);
/// Watches a listener, level-triggered; `enabled` 0 keeps it registered but silent.
int apus_poll_add_listener(int poll, int descriptor, uint64_t token);
int apus_poll_enable_listener(int poll, int descriptor, uint64_t token, int enabled);
/// Watches an event or timer descriptor, edge-triggered: it never has to be read.
int apus_poll_add_signal(int poll, int descriptor, uint64_t token);
int apus_poll_remove(int poll, int descriptor);
/// Waits up to `timeout_milliseconds`; answers how many of `APUS_EVENT_CAPACITY` events were written.
int apus_poll_wait(int poll, struct apus_event *events, int timeout_milliseconds);

int apus_wake_create(void);
int apus_wake(int descriptor);
int apus_timer_create(void);
/// Arms the timer for an instant of CLOCK_MONOTONIC in nanoseconds; 0 or less disarms it.
int apus_timer_arm(int descriptor, int64_t instant);

// ---- Clocks (readiness.c)

/// Nanoseconds of CLOCK_MONOTONIC.
int64_t apus_monotonic_nanoseconds(void);
/// Nanoseconds of CLOCK_REALTIME since 1970.
int64_t apus_wall_nanoseconds(void);

#ifdef __cplusplus
}
#endif

#endif

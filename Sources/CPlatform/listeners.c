#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int fill_path(struct sockaddr_un *address, const char *path) {
    size_t count = strlen(path);
    if (count >= sizeof address->sun_path) return -ENAMETOOLONG;
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, count);
    return 0;
}

int apus_unix_bind(const char *path) {
    struct sockaddr_un address;
    int code = fill_path(&address, path);
    if (code != 0) return code;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    // Linux gives the file the mode of the socket, less the umask (unix(7)), so that the file is never open to others.
    if (fchmod(descriptor, 0600) == 0 && bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
    code = errno;
    close(descriptor);
    return -code;
}

int apus_start_listening(int descriptor, int backlog) { return listen(descriptor, backlog) == 0 ? 0 : -errno; }

int apus_unix_probe(const char *path) {
    struct sockaddr_un address;
    int code = fill_path(&address, path);
    if (code != 0) return code;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    code = connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    close(descriptor);
    return -code;
}

int apus_unix_path(const struct apus_address *address, char *path, size_t capacity) {
    struct sockaddr_un local;
    memcpy(&local, address->bytes, sizeof local);
    if (local.sun_family != AF_UNIX) return -EAFNOSUPPORT;
    size_t start = offsetof(struct sockaddr_un, sun_path);
    // Unnamed, or in the abstract namespace.
    if (address->byte_count <= start || local.sun_path[0] == '\0') return -EADDRNOTAVAIL;
    size_t count = strnlen(local.sun_path, address->byte_count - start);
    if (count >= capacity) return -ENAMETOOLONG;
    memcpy(path, local.sun_path, count);
    path[count] = '\0';
    return 0;
}

int apus_file_identity(const char *path, struct apus_file_identity *identity) {
    struct stat file;
    if (lstat(path, &file) != 0) return -errno;
    identity->device = file.st_dev;
    identity->inode = file.st_ino;
    identity->is_socket = S_ISSOCK(file.st_mode);
    return 0;
}

int apus_set_owner(const char *path, uint32_t group, uint32_t mode) {
    if (group != APUS_KEEP_GROUP && lchown(path, (uid_t)-1, group) != 0) return -errno;
    return chmod(path, mode) == 0 ? 0 : -errno;
}

int apus_remove_file(const char *path) { return unlink(path) == 0 ? 0 : -errno; }

int apus_lock_folder(const char *path, int timeout_milliseconds) {
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    const int step = 10;
    for (int waited = 0;; waited += step) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
        int code = errno;
        if (code == EINTR) continue;
        if (code != EWOULDBLOCK || waited >= timeout_milliseconds) {
            close(descriptor);
            return -code;
        }
        struct timespec pause = {.tv_nsec = step * 1000000};
        nanosleep(&pause, NULL);
    }
}

int apus_may_give_to_group(uint32_t group) {
    if (geteuid() == 0 || getegid() == group) return 1;
    gid_t groups[NGROUPS_MAX];
    int count = getgroups(NGROUPS_MAX, groups);
    for (int index = 0; index < count; index++) {
        if (groups[index] == group) return 1;
    }
    return 0;
}

int apus_can_make_file(const char *folder) {
    // A file without a name, where the file system has such.
    int descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return -errno;
    if (descriptor < 0) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/.apus-check-XXXXXX", folder) >= (int)sizeof path) return -ENAMETOOLONG;
        descriptor = mkostemp(path, O_CLOEXEC);
        if (descriptor < 0) return -errno;
        unlink(path);
    }
    close(descriptor);
    return 0;
}

int apus_can_append(const char *path) {
    // Without waiting for a reader of a named pipe.
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor >= 0) {
        close(descriptor);
        return 0;
    }
    if (errno != ENOENT) return -errno;
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t count = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (count >= sizeof folder) return -ENAMETOOLONG;
    memcpy(folder, path, count);
    folder[count] = '\0';
    return apus_can_make_file(count == 0 ? "." : folder);
}

int apus_group_id(const char *name, uint32_t *group) {
    for (size_t capacity = 4096; capacity <= 1024 * 1024; capacity *= 4) {
        char *text = malloc(capacity);
        if (text == NULL) return -ENOMEM;
        struct group entry, *found = NULL;
        int code = getgrnam_r(name, &entry, text, capacity, &found);
        if (found != NULL) *group = entry.gr_gid;
        free(text);
        if (found != NULL) return 0;
        // POSIX has no error for a name that does not exist; systems answer one of these, or none.
        if (code == 0 || code == ENOENT || code == ESRCH) return -ENOENT;
        if (code != ERANGE && code != EINTR) return -code;
    }
    return -ERANGE;
}

static int socket_option(int descriptor, int option, int *value) {
    socklen_t count = sizeof *value;
    return getsockopt(descriptor, SOL_SOCKET, option, value, &count) == 0 ? 0 : -errno;
}

int apus_prepare_inherited(int descriptor, struct apus_socket_kind *kind) {
    memset(kind, 0, sizeof *kind);
    int family = 0, type = 0, accepts = 0;
    int code = socket_option(descriptor, SO_DOMAIN, &family);
    if (code == 0) code = socket_option(descriptor, SO_TYPE, &type);
    if (code == 0) code = socket_option(descriptor, SO_ACCEPTCONN, &accepts);
    if (code != 0) return code;
    kind->is_internet = family == AF_INET || family == AF_INET6;
    kind->is_unix = family == AF_UNIX;
    kind->is_stream = type == SOCK_STREAM;
    kind->is_listening = accepts != 0;
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 ? 0 : -errno;
}

int apus_descriptor_limit(uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int apus_set_descriptor_limit(uint64_t soft) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -errno;
    limit.rlim_cur = soft;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : -errno;
}

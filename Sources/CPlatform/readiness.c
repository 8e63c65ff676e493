#include "CPlatform.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int apus_poll_create(void) {
    int poll = epoll_create1(EPOLL_CLOEXEC);
    return poll >= 0 ? poll : -errno;
}

static int control(int poll, int operation, int descriptor, uint64_t token, uint32_t interest) {
    struct epoll_event event = {.events = interest, .data.u64 = token};
    return epoll_ctl(poll, operation, descriptor, &event) == 0 ? 0 : -errno;
}

int apus_poll_add_connection(int poll, int descriptor, uint64_t token) {
    return control(poll, EPOLL_CTL_ADD, descriptor, token, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

int apus_poll_add_listener(int poll, int descriptor, uint64_t token) {
    return control(poll, EPOLL_CTL_ADD, descriptor, token, EPOLLIN);
}

int apus_poll_enable_listener(int poll, int descriptor, uint64_t token, int enabled) {
    return control(poll, EPOLL_CTL_MOD, descriptor, token, enabled ? EPOLLIN : 0);
}

int apus_poll_add_signal(int poll, int descriptor, uint64_t token) {
    return control(poll, EPOLL_CTL_ADD, descriptor, token, EPOLLIN | EPOLLET);
}

int apus_poll_remove(int poll, int descriptor) { return control(poll, EPOLL_CTL_DEL, descriptor, 0, 0); }

int apus_poll_wait(int poll, struct apus_event *events, int timeout_milliseconds) {
    struct epoll_event ready[APUS_EVENT_CAPACITY];
    int count = epoll_wait(poll, ready, APUS_EVENT_CAPACITY, timeout_milliseconds);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        uint32_t flags = ready[i].events;
        events[i].token = ready[i].data.u64;
        events[i].ready = (flags & EPOLLIN ? APUS_READABLE : 0) | (flags & EPOLLOUT ? APUS_WRITABLE : 0)
                          | (flags & EPOLLRDHUP ? APUS_READ_ENDED : 0) | (flags & (EPOLLHUP | EPOLLERR) ? APUS_HUNG_UP : 0);
    }
    return count;
}

int apus_wake_create(void) {
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

int apus_wake(int descriptor) {
    uint64_t one = 1;
    for (;;) {
        if (write(descriptor, &one, sizeof one) == sizeof one) return 0;
        if (errno != EINTR) return -errno;
    }
}

int apus_timer_create(void) {
    int descriptor = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return descriptor >= 0 ? descriptor : -errno;
}

int apus_timer_arm(int descriptor, int64_t instant) {
    struct itimerspec when = {0};
    if (instant > 0) {
        when.it_value.tv_sec = instant / 1000000000;
        when.it_value.tv_nsec = instant % 1000000000;
    }
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &when, NULL) == 0 ? 0 : -errno;
}

static int64_t read_clock(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t apus_monotonic_nanoseconds(void) { return read_clock(CLOCK_MONOTONIC); }

int64_t apus_wall_nanoseconds(void) { return read_clock(CLOCK_REALTIME); }

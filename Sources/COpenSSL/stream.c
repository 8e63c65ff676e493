#include "COpenSSL.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

// Key updates are due once in 2^24 records (RFC 8446 §5.5) and renegotiation is refused with a warning, so an honest
// client sends next to none of either; each costs far more to answer than to send.
enum { MAX_NUISANCES = 32 };

struct stream {
    int descriptor;
    int receives_left;
    int nuisances;
    int code;
    unsigned flags;
};

static int create(BIO *bio) {
    struct stream *stream = OPENSSL_zalloc(sizeof *stream);
    if (stream == NULL) return 0;
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    return 1;
}

static int destroy(BIO *bio) {
    OPENSSL_free(BIO_get_data(bio));
    BIO_set_data(bio, NULL);
    return 1;
}

static int must_wait(int code) { return code == EAGAIN || code == EWOULDBLOCK; }

static int receive(BIO *bio, char *bytes, size_t capacity, size_t *count) {
    struct stream *stream = BIO_get_data(bio);
    *count = 0;
    BIO_clear_retry_flags(bio);
    if (stream->receives_left <= 0) {
        stream->flags |= APUS_TLS_THROTTLED;
        BIO_set_retry_read(bio);
        return 0;
    }
    stream->receives_left -= 1;
    ssize_t received;
    do received = recv(stream->descriptor, bytes, capacity, 0);
    while (received < 0 && errno == EINTR);
    if (received > 0) {
        *count = (size_t)received;
        // epoll(7): on a stream, a short read shows that its space is used up.
        if (*count < capacity) stream->flags |= APUS_TLS_DRAINED;
        else stream->flags &= ~(unsigned)APUS_TLS_DRAINED;
        return 1;
    }
    if (received == 0) {
        stream->flags |= APUS_TLS_ENDED;
    } else if (must_wait(errno)) {
        stream->flags |= APUS_TLS_DRAINED;
        BIO_set_retry_read(bio);
    } else {
        stream->code = errno;
    }
    return 0;
}

static int send_out(BIO *bio, const char *bytes, size_t count, size_t *sent) {
    struct stream *stream = BIO_get_data(bio);
    *sent = 0;
    BIO_clear_retry_flags(bio);
    ssize_t result;
    do result = send(stream->descriptor, bytes, count, MSG_NOSIGNAL);
    while (result < 0 && errno == EINTR);
    if (result >= 0) {
        *sent = (size_t)result;
        return 1;
    }
    if (must_wait(errno)) BIO_set_retry_write(bio);
    else stream->code = errno;
    return 0;
}

static long control(BIO *bio, int command, long number, void *pointer) {
    struct stream *stream = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return (stream->flags & APUS_TLS_ENDED) != 0;
    default: return 0;
    }
}

static pthread_once_t method_once = PTHREAD_ONCE_INIT;
static BIO_METHOD *method;

static void make_method(void) {
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "apus socket");
    if (made == NULL) return;
    BIO_meth_set_create(made, create);
    BIO_meth_set_destroy(made, destroy);
    BIO_meth_set_read_ex(made, receive);
    BIO_meth_set_write_ex(made, send_out);
    BIO_meth_set_ctrl(made, control);
    method = made;
}

static int is_nuisance(int is_sent, int type, const unsigned char *bytes, size_t count) {
    if (is_sent) return type == SSL3_RT_ALERT && count == 2 && bytes[1] == SSL_AD_NO_RENEGOTIATION;
    return type == SSL3_RT_HANDSHAKE && count > 0 && bytes[0] == SSL3_MT_KEY_UPDATE;
}

static void watch_messages(
    int is_sent, int version, int type, const void *bytes, size_t count, SSL *connection, void *bio) {
    (void)version;
    (void)connection;
    if (!is_nuisance(is_sent, type, bytes, count)) return;
    struct stream *stream = BIO_get_data(bio);
    stream->nuisances += 1;
    if (stream->nuisances > MAX_NUISANCES) stream->flags |= APUS_TLS_ABUSED;
}

BIO *apus_tls_attach(SSL *connection, int descriptor) {
    if (pthread_once(&method_once, make_method) != 0 || method == NULL) return NULL;
    BIO *bio = BIO_new(method);
    if (bio == NULL) return NULL;
    ((struct stream *)BIO_get_data(bio))->descriptor = descriptor;
    SSL_set_bio(connection, bio, bio);
    SSL_set_msg_callback(connection, watch_messages);
    SSL_set_msg_callback_arg(connection, bio);
    SSL_set_accept_state(connection);
    return bio;
}

void apus_tls_stream_begin(BIO *bio, int receives) {
    struct stream *stream = BIO_get_data(bio);
    stream->receives_left = receives;
    stream->flags &= APUS_TLS_ENDED | APUS_TLS_ABUSED;
    // What an earlier operation left behind would be taken for this one's.
    ERR_clear_error();
}

unsigned apus_tls_stream_flags(BIO *bio) { return ((struct stream *)BIO_get_data(bio))->flags; }

int apus_tls_stream_errno(BIO *bio) { return ((struct stream *)BIO_get_data(bio))->code; }

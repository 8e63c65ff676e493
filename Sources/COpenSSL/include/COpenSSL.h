/// OpenSSL 3 as Swift can use it: the library's own headers, and flat functions for what they offer only as macros,
/// stacks and callbacks.
///
/// Functions that can fail leave the reason in OpenSSL's error queue of the calling thread.

#ifndef APUS_COPENSSL_H
#define APUS_COPENSSL_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Policy (policy.c)

/// A context for servers that holds to our policy: TLS 1.2 and 1.3, authenticated ciphers, forward secrecy, ALPN
/// http/1.1. It has no certificate yet. NULL when it fails.
SSL_CTX *apus_tls_server_context(void);

/// Appends to the chain sent with the certificate and takes over the reference; answers 0 when it fails, and then takes nothing.
int apus_tls_add_chain_certificate(SSL_CTX *context, X509 *certificate);

/// Reads the next certificate of a PEM text. NULL with an empty error queue when there is none.
X509 *apus_tls_read_certificate(BIO *pem);

/// Reads a private key of a PEM text; never asks anybody for a passphrase, but sets `is_encrypted` when one is missing.
/// NULL with an empty error queue when there is none.
EVP_PKEY *apus_tls_read_key(BIO *pem, int *is_encrypted);

/// Writes the subject in the form of RFC 2253, pure ASCII without control characters.
int apus_tls_write_subject(BIO *out, const X509 *certificate);

// ---- The encrypted stream over a socket (stream.c)

/// What a stream has met since `apus_tls_stream_begin`.
enum {
    /// The last receive has taken everything that the socket held.
    APUS_TLS_DRAINED = 1,
    /// The receives that were allowed are used up; the socket may hold more.
    APUS_TLS_THROTTLED = 2,
    /// The other side has ended the stream.
    APUS_TLS_ENDED = 4,
    /// The other side has asked for new keys, or in vain for a new handshake, more often than any honest one does.
    APUS_TLS_ABUSED = 8,
};

/// Makes `connection` a server's over a connected, non-blocking socket, which stays the caller's. A broken connection
/// raises no SIGPIPE. Answers the stream, which the connection owns, or NULL.
BIO *apus_tls_attach(SSL *connection, int descriptor);

/// To be called before each operation on the connection: from here on `receives` receives may happen.
void apus_tls_stream_begin(BIO *stream, int receives);

/// `APUS_TLS_…` flags.
unsigned apus_tls_stream_flags(BIO *stream);

/// The errno of the last receive or send that failed for good; 0 when none did.
int apus_tls_stream_errno(BIO *stream);

#ifdef __cplusplus
}
#endif

#endif

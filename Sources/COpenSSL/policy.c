#include "COpenSSL.h"

// TLS 1.2: ephemeral elliptic curves for forward secrecy, authenticated encryption only (RFC 9325 §4.2).
static const char tls12_ciphers[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";

static const char tls13_suites[] = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

static const char groups[] = "X25519:P-256:P-384";

// No SHA-1 and no SHA-224, which OpenSSL 3.0 would still offer for TLS 1.2.
static const char signatures[] =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

static const uint64_t options =
    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
    // No session is resumed: with a key for tickets there would be a secret that opens many conversations, and a client
    // could live on a proof that was checked long ago. Connections are few and kept, so a full handshake each is cheap.
    | SSL_OP_NO_TICKET
    // A client that puts ChaCha20 first has no AES in hardware; it gets its wish.
    | SSL_OP_PRIORITIZE_CHACHA
    // An end without close_notify is an end; whether a message is whole is for HTTP's framing to say (RFC 9112 §9.8).
    | SSL_OP_IGNORE_UNEXPECTED_EOF;

static const long modes =
    // What waits in our output may move in memory between two tries.
    SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    // A resting connection keeps no record buffers.
    | SSL_MODE_RELEASE_BUFFERS
    // The chain is what the certificate's file says; the clients' authorities are no part of it.
    | SSL_MODE_NO_AUTO_CHAIN;

// RFC 7301 §3.2: a client that offers protocols, but none of ours, gets the alert no_application_protocol.
static int select_protocol(
    SSL *connection, const unsigned char **chosen, unsigned char *chosen_count, const unsigned char *offered,
    unsigned int offered_count, void *unused) {
    static const unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    (void)connection;
    (void)unused;
    int found = SSL_select_next_proto((unsigned char **)chosen, chosen_count, ours, sizeof ours, offered, offered_count);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int apply(SSL_CTX *context) {
    SSL_CTX_set_options(context, options);
    SSL_CTX_set_mode(context, modes);
    SSL_CTX_set_security_level(context, 2);
    // One receive brings a record's head and body, and often the next record too.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION)
           && SSL_CTX_set_cipher_list(context, tls12_ciphers) && SSL_CTX_set_ciphersuites(context, tls13_suites)
           && SSL_CTX_set1_groups_list(context, groups) && SSL_CTX_set1_sigalgs_list(context, signatures)
           && SSL_CTX_set_num_tickets(context, 0) && SSL_CTX_set_max_early_data(context, 0);
}

SSL_CTX *apus_tls_server_context(void) {
    // Loops may still run while the process ends, so the library must not be torn down by atexit.
    if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL)) return NULL;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context != NULL && !apply(context)) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

int apus_tls_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add0_chain_cert(context, certificate);
}

// A process without a terminal has nobody to ask.
static int refuse_passphrase(char *passphrase, int capacity, int is_writing, void *is_wanted) {
    (void)passphrase;
    (void)capacity;
    (void)is_writing;
    if (is_wanted != NULL) *(int *)is_wanted = 1;
    return -1;
}

// Whether a reader says no more than that the text holds nothing for it.
static int is_end_of_pem(unsigned long code) {
    int reason = ERR_GET_REASON(code);
    return (ERR_GET_LIB(code) == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE)
           || (ERR_GET_LIB(code) == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED);
}

X509 *apus_tls_read_certificate(BIO *pem) {
    ERR_clear_error();
    X509 *certificate = PEM_read_bio_X509(pem, NULL, refuse_passphrase, NULL);
    if (certificate == NULL && is_end_of_pem(ERR_peek_last_error())) ERR_clear_error();
    return certificate;
}

EVP_PKEY *apus_tls_read_key(BIO *pem, int *is_encrypted) {
    ERR_clear_error();
    *is_encrypted = 0;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, refuse_passphrase, is_encrypted);
    if (key == NULL && is_end_of_pem(ERR_peek_last_error())) ERR_clear_error();
    return key;
}

int apus_tls_write_subject(BIO *out, const X509 *certificate) {
    return X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0;
}

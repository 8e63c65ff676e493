import COpenSSL

/// OpenSSL's context made of one set of files; it never changes once made.
///
/// Each connection keeps OpenSSL's part alive by itself, so this may go while connections are open.
@safe final class TLSServerContext: @unchecked Sendable {
    private let context: OpaquePointer
    /// What the operator should know, though it serves.
    let warnings: [String]
    let verifiesClients: Bool

    init(_ configuration: TLSConfiguration) throws(TLSError) {
        guard let context = unsafe apus_tls_server_context() else { throw .library(reason: OpenSSLErrors.drain()) }
        do throws(TLSError) {
            var loader = unsafe TLSCredentialLoader(context: context)
            try loader.load(configuration)
            warnings = loader.warnings
        } catch {
            unsafe SSL_CTX_free(context)
            throw error
        }
        unsafe self.context = context
        verifiesClients = configuration.clientVerification != .none
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// A new connection's state; the caller frees it.
    func makeConnection() -> OpaquePointer? { unsafe SSL_new(context) }
}

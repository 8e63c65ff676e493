import COpenSSL

/// Puts the certificates and the key of a configuration into an OpenSSL context.
@safe struct TLSCredentialLoader {
    private let context: OpaquePointer
    private(set) var warnings: [String] = []

    init(context: OpaquePointer) { unsafe self.context = context }

    mutating func load(_ configuration: TLSConfiguration) throws(TLSError) {
        try loadChain(configuration.certificateFile)
        try loadKey(configuration.keyFile, certificatePath: configuration.certificateFile)
        try loadClientCA(configuration)
    }

    private mutating func loadChain(_ path: String) throws(TLSError) {
        warnings += try unsafe forEachCertificate(.certificate, path) { certificate, index, warnings throws(TLSError) in
            let subject = unsafe X509Text.subject(certificate)
            warnings += unsafe X509Text.validityWarnings(certificate, "the certificate \"\(subject)\" in \(path)")
            if index == 0 {
                guard unsafe SSL_CTX_use_certificate(context, certificate) == 1 else {
                    throw .rejected(.certificate, path: path, reason: OpenSSLErrors.drain())
                }
            } else {
                // The context takes over one reference and leaves the caller's.
                unsafe X509_up_ref(certificate)
                guard unsafe apus_tls_add_chain_certificate(context, certificate) == 1 else {
                    unsafe X509_free(certificate)
                    throw .rejected(.certificate, path: path, reason: OpenSSLErrors.drain())
                }
            }
        }
    }

    private mutating func loadKey(_ path: String, certificatePath: String) throws(TLSError) {
        let file = try PEMFile(.key, path: path)
        if let mode = file.laxMode {
            warnings.append(
                "every user of this machine can read the private key \(path) (mode \(String(mode, radix: 8))); run `chmod o= \(path)`")
        }
        try unsafe file.withText { text throws(TLSError) in
            var isEncrypted: Int32 = 0
            guard let key = unsafe apus_tls_read_key(text, &isEncrypted) else {
                if isEncrypted != 0 { throw .encryptedKey(path: path) }
                throw .malformed(.key, path: path, reason: OpenSSLErrors.isEmpty ? "" : OpenSSLErrors.drain())
            }
            defer { unsafe EVP_PKEY_free(key) }
            guard unsafe X509_check_private_key(SSL_CTX_get0_certificate(context), key) == 1 else {
                ERR_clear_error()
                throw .keyMismatch(key: path, certificate: certificatePath)
            }
            guard unsafe SSL_CTX_use_PrivateKey(context, key) == 1 else {
                throw .rejected(.key, path: path, reason: OpenSSLErrors.drain())
            }
        }
    }

    private mutating func loadClientCA(_ configuration: TLSConfiguration) throws(TLSError) {
        let verification = configuration.clientVerification
        guard let path = configuration.clientCAFile else {
            if verification == .none { return }
            throw .missingClientCA(verification)
        }
        warnings += try unsafe forEachCertificate(.clientCA, path) { certificate, _, warnings throws(TLSError) in
            let subject = unsafe X509Text.subject(certificate)
            warnings += unsafe X509Text.validityWarnings(certificate, "the client CA \"\(subject)\" in \(path)")
            // The store counts references itself; the names go to clients, so that they know which certificate to show.
            guard unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1,
                unsafe SSL_CTX_add_client_CA(context, certificate) == 1
            else { throw .rejected(.clientCA, path: path, reason: OpenSSLErrors.drain()) }
        }
        switch verification {
        case .none:
            warnings.append("the client CA \(path) is without effect: client verification is none; set it to optional or required")
        case .optional:
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        case .required:
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
    }

    /// Lends every certificate of the file, in order; there is at least one. Returns the warnings.
    private func forEachCertificate(
        _ file: TLSFile, _ path: String,
        _ body: (_ certificate: OpaquePointer, _ index: Int, _ warnings: inout [String]) throws(TLSError) -> Void
    ) throws(TLSError) -> [String] {
        let pem = try PEMFile(file, path: path)
        var warnings: [String] = []
        try unsafe pem.withText { text throws(TLSError) in
            var index = 0
            while let certificate = unsafe apus_tls_read_certificate(text) {
                defer { unsafe X509_free(certificate) }
                try unsafe body(certificate, index, &warnings)
                index += 1
            }
            // The queue is empty when the text has just ended.
            if index == 0 || !OpenSSLErrors.isEmpty {
                throw .malformed(file, path: path, reason: OpenSSLErrors.isEmpty ? "" : OpenSSLErrors.drain())
            }
        }
        return warnings
    }
}

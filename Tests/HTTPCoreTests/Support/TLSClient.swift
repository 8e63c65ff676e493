import COpenSSL
import Foundation

/// OpenSSL's own client on a socket that it owns, to hold the server against. One caller at a time.
final class TLSClient: @unchecked Sendable {
    struct Options: Sendable {
        var versions = TLS1_2_VERSION...TLS1_3_VERSION
        /// For TLS 1.2; level 0 lets the client offer what no server should take.
        var ciphers = "ALL:@SECLEVEL=0"
        var groups: String?
        var signatures: String?
        var protocols = ["http/1.1"]
        /// A fixture's name: the certificate that the client shows.
        var certificate: String?
    }

    enum Outcome: Equatable {
        case done
        case waits
        case ended
        /// OpenSSL's reason: `tlsv13 alert certificate required`.
        case failed(String)
    }

    let descriptor: Int32
    private let connection: OpaquePointer
    private let stream: OpaquePointer
    private(set) var received: [UInt8] = []

    init(over descriptor: Int32, _ options: Options = Options()) throws {
        self.descriptor = descriptor
        let context = try required(SSL_CTX_new(TLS_client_method()))
        defer { SSL_CTX_free(context) }
        SSL_CTX_set_security_level(context, 0)
        try require(SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(options.versions.lowerBound), nil) == 1)
        try require(SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(options.versions.upperBound), nil) == 1)
        try require(SSL_CTX_set_cipher_list(context, options.ciphers) == 1)
        if let groups = options.groups { try Self.set(context, SSL_CTRL_SET_GROUPS_LIST, groups) }
        if let signatures = options.signatures { try Self.set(context, SSL_CTRL_SET_SIGALGS_LIST, signatures) }
        try require(SSL_CTX_load_verify_file(context, TLSFixture.path("ca.pem")) == 1)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let name = options.certificate {
            try require(SSL_CTX_use_certificate_file(context, TLSFixture.path("\(name).pem"), SSL_FILETYPE_PEM) == 1)
            try require(SSL_CTX_use_PrivateKey_file(context, TLSFixture.path("\(name).key"), SSL_FILETYPE_PEM) == 1)
        }
        connection = try required(SSL_new(context))
        stream = try required(apus_tls_attach(connection, descriptor))
        SSL_set_connect_state(connection)
        let names = options.protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !names.isEmpty { try require(SSL_set_alpn_protos(connection, names, UInt32(names.count)) == 0) }
    }

    deinit {
        SSL_free(connection)
        close(descriptor)
    }

    func shakeHands() -> Outcome { outcome(operate { SSL_do_handshake(connection) }) }

    /// Sends the bytes as one or more records.
    func write(_ bytes: ArraySlice<UInt8>) -> (sent: Int, Outcome) {
        var count = 0
        let code = operate { bytes.withUnsafeBytes { SSL_write_ex(connection, $0.baseAddress, $0.count, &count) } }
        return (count, outcome(code))
    }

    func write(_ text: String) -> (sent: Int, Outcome) { write(Array(text.utf8)[...]) }

    /// Reads once into `received`.
    func read() -> Outcome {
        var space = [UInt8](repeating: 0, count: 65_536)
        var count = 0
        let code = operate { SSL_read_ex(connection, &space, space.count, &count) }
        received += space[..<count]
        return outcome(code)
    }

    /// Tells the server that nothing more will come.
    func endOutput() { _ = operate { SSL_shutdown(connection) } }

    /// Asks for new keys, as an honest client does once in millions of records.
    func updateKeys() -> Outcome {
        SSL_key_update(connection, SSL_KEY_UPDATE_NOT_REQUESTED)
        return outcome(operate { SSL_do_handshake(connection) })
    }

    /// What TLS 1.2 allowed and the server does not.
    func renegotiate() -> Outcome {
        SSL_renegotiate(connection)
        return outcome(operate { SSL_do_handshake(connection) })
    }

    var version: String { String(cString: SSL_get_version(connection)) }
    var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(connection))) }

    /// The protocol that the server has chosen.
    var protocolName: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(connection, &name, &count)
        return name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) }
    }

    /// What the server's certificate is called.
    var serverName: String {
        guard let certificate = SSL_get0_peer_certificate(connection) else { return "" }
        var text = [CChar](repeating: 0, count: 256)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, &text, Int32(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// How many certificates the server sends, its own included.
    var chainCount: Int { Int(OPENSSL_sk_num(SSL_get_peer_cert_chain(connection))) }

    /// Whether the server has given what it takes to resume the session.
    var canResume: Bool { SSL_SESSION_is_resumable(SSL_get_session(connection)) == 1 }

    /// Whether the server has said that nothing more will come, rather than just gone.
    var hasCloseNotice: Bool { SSL_get_shutdown(connection) & SSL_RECEIVED_SHUTDOWN != 0 }

    private func operate(_ operation: () -> Int32) -> Int32 {
        apus_tls_stream_begin(stream, .max)
        return operation()
    }

    private func outcome(_ code: Int32) -> Outcome {
        if code == 1 { return .done }
        switch SSL_get_error(connection, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .waits
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            let error = ERR_peek_error()
            if let reason = ERR_reason_error_string(error) { return .failed(String(cString: reason)) }
            return .failed("errno \(apus_tls_stream_errno(stream))")
        }
    }

    private static func set(_ context: OpaquePointer, _ command: Int32, _ value: String) throws {
        var bytes = Array(value.utf8CString)
        try require(SSL_CTX_ctrl(context, command, 0, &bytes) == 1)
    }
}

/// The files of `Fixtures/TLS`; its README tells what they are.
enum TLSFixture {
    static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/TLS/\(name)").path()
    }
}

struct OpenSSLFault: Error, CustomStringConvertible {
    let description = ERR_reason_error_string(ERR_peek_error()).map { String(cString: $0) } ?? "OpenSSL failed"
}

private func required<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw OpenSSLFault() }
    return value
}

private func require(_ isTrue: Bool) throws {
    if !isTrue { throw OpenSSLFault() }
}

import COpenSSL
import Glibc

/// A stream encrypted by TLS over a connected socket that it owns.
///
/// The handshake happens within the first reads. Confined to one queue, as its connection is.
@safe final class TLSTransport: Transport {
    private enum Stage {
        case handshake
        case open
        /// The handshake has failed, and the other side has been notified; what it still sends is discarded.
        case refused(reason: String)
        /// We send no more; what still comes is discarded. `owesNotice` while the socket had no room for close_notify.
        case shut(owesNotice: Bool)
        /// Nothing may be said any more.
        case broken
        case closed
    }

    /// What one operation may receive; a peer that sends faster than it is served waits for the next turn.
    private static let receivesPerOperation: Int32 = 8

    private let connection: OpaquePointer
    /// The connection's end at the socket, which it owns.
    private let stream: OpaquePointer
    private var socket: PlainTransport
    private let verifiesClients: Bool
    private var stage = Stage.handshake

    /// The subject of the client's certificate, once it has been verified.
    private(set) var clientSubject: String?

    /// Nil when there is no memory; the descriptor stays the caller's then.
    init?(_ context: TLSServerContext, over descriptor: Int32) {
        guard let connection = unsafe context.makeConnection() else { return nil }
        guard let stream = unsafe apus_tls_attach(connection, descriptor) else {
            unsafe SSL_free(connection)
            return nil
        }
        unsafe self.connection = connection
        unsafe self.stream = stream
        socket = PlainTransport(descriptor: descriptor)
        verifiesClients = context.verifiesClients
    }

    deinit { close(reset: true) }

    var isHandshaking: Bool { if case .handshake = stage { true } else { false } }

    var isEncrypted: Bool { true }

    /// A read may wait until the socket takes bytes, and a write until some come.
    var sharesReadiness: Bool { true }

    var refusal: String? { if case .refused(let reason) = stage { reason } else { nil } }

    var shortReadMeansEmpty: Bool {
        guard case .open = stage else { return true }
        return unsafe hasMet(APUS_TLS_DRAINED) && SSL_has_pending(connection) == 0
    }

    func read(into space: UnsafeMutableRawBufferPointer) -> TransportResult {
        switch stage {
        case .handshake: return unsafe shakeHands() ?? receive(into: space)
        case .open: return unsafe receive(into: space)
        case .shut(let owesNotice):
            if owesNotice { sendCloseNotice() }
            return unsafe socket.read(into: space)
        case .refused: return unsafe socket.read(into: space)
        case .broken, .closed: return .failed(errno: ENOTCONN)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransportResult {
        guard case .open = stage else { return .failed(errno: ENOTCONN) }
        begin()
        var count = 0
        let code = unsafe SSL_write_ex(connection, bytes.baseAddress, bytes.count, &count)
        return code == 1 ? .bytes(count) : outcome(code)
    }

    func shutdownWrite() {
        switch stage {
        case .open: sendCloseNotice()
        case .handshake:
            stage = .shut(owesNotice: false)
            socket.shutdownWrite()
        case .refused: socket.shutdownWrite()
        case .shut, .broken, .closed: break
        }
    }

    func close(reset: Bool) {
        if case .closed = stage { return }
        if !reset, case .open = stage { sendCloseNotice() }
        stage = .closed
        unsafe SSL_free(connection)
        socket.close(reset: reset)
    }

    /// Goes on with the handshake; nil when it is complete.
    private func shakeHands() -> TransportResult? {
        begin()
        let code = unsafe SSL_do_handshake(connection)
        if code == 1 {
            stage = .open
            if verifiesClients { clientSubject = verifiedSubject() }
            return nil
        }
        let result = outcome(code)
        guard case .failed(errno: EPROTO) = result else { return result }
        refuse()
        return .refused
    }

    private func receive(into space: UnsafeMutableRawBufferPointer) -> TransportResult {
        begin()
        var count = 0
        let code = unsafe SSL_read_ex(connection, space.baseAddress, space.count, &count)
        if hasMet(APUS_TLS_ABUSED) {
            stage = .broken
            return .failed(errno: EPROTO)
        }
        return code == 1 ? .bytes(count) : outcome(code)
    }

    private func begin() { unsafe apus_tls_stream_begin(stream, Self.receivesPerOperation) }

    /// Whether the stream has met one of `APUS_TLS_…` in this operation.
    private func hasMet(_ flag: Int) -> Bool { unsafe Int(apus_tls_stream_flags(stream)) & flag != 0 }

    /// What an operation that has not succeeded means.
    private func outcome(_ code: Int32) -> TransportResult {
        switch unsafe SSL_get_error(connection, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            return hasMet(APUS_TLS_THROTTLED) ? .wantsTurn : .wouldBlock
        case SSL_ERROR_ZERO_RETURN:
            return .ended
        default:
            let errno = unsafe apus_tls_stream_errno(stream)
            if errno == 0, hasMet(APUS_TLS_ENDED), OpenSSLErrors.isEmpty { return .ended }
            if !isHandshaking { stage = .broken }
            return .failed(errno: errno != 0 ? errno : EPROTO)
        }
    }
}

// How the stream ends, and how a handshake fails.
extension TLSTransport {
    private static let clearTextAnswer: StaticString = """
        HTTP/1.1 400 Bad Request\r
        Content-Type: application/json\r
        Content-Length: 66\r
        Connection: close\r
        \r
        {"error": "this port expects TLS; ask with https:// in the URL."}

        """

    /// OpenSSL has sent an alert where it can be understood; a client that speaks HTTP in the clear gets a response so.
    private func refuse() {
        let speaksClearText = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST
        var reason = OpenSSLErrors.drain()
        let verification = unsafe SSL_get_verify_result(connection)
        if verification != X509_V_OK, let text = unsafe X509_verify_cert_error_string(verification) {
            reason += unsafe " (\(String(cString: text)))"
        }
        stage = .refused(reason: reason)
        if speaksClearText {
            let answer = Self.clearTextAnswer
            // As far as the socket takes it at once, which for so few bytes is wholly.
            _ = unsafe socket.write(UnsafeRawBufferPointer(start: answer.utf8Start, count: answer.utf8CodeUnitCount))
        }
    }

    /// RFC 8446 §6.1: whoever ends its side of the stream says so first.
    private func sendCloseNotice() {
        begin()
        let code = unsafe SSL_shutdown(connection)
        if code < 0, unsafe SSL_get_error(connection, code) == SSL_ERROR_WANT_WRITE {
            stage = .shut(owesNotice: true)
            return
        }
        stage = .shut(owesNotice: false)
        socket.shutdownWrite()
    }

    private func verifiedSubject() -> String? {
        guard let certificate = unsafe SSL_get0_peer_certificate(connection),
            unsafe SSL_get_verify_result(connection) == X509_V_OK
        else { return nil }
        return unsafe X509Text.subject(certificate)
    }
}

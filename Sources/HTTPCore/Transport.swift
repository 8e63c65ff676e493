import CPlatform
import Glibc

/// What became of a try to move bytes.
package enum TransportResult: Sendable, Equatable {
    case bytes(Int)
    /// Nothing can move now; readiness will be reported.
    case wouldBlock
    /// More could move, but others are to have their turn before; no readiness will be reported.
    case wantsTurn
    /// The other side will send nothing more.
    case ended
    /// The other side is not one to speak to, and has been notified as far as it would understand.
    case refused
    case failed(errno: Int32)
}

/// A non-blocking stream of bytes in both directions: a plain socket, an encrypted one, or a test's memory.
///
/// The connection is written against this and nothing else; it is used on one queue only.
package protocol Transport {
    /// Whether the last read, which brought less than was asked for, has emptied the stream until readiness is reported anew.
    var shortReadMeansEmpty: Bool { get }
    /// Whether others on the way can neither read nor change the bytes.
    var isEncrypted: Bool { get }
    /// Whether reading may wait for the descriptor to become writable, and writing for it to become readable.
    var sharesReadiness: Bool { get }
    /// Whether the next read still has to agree with the other side on how to speak, which takes a lot of computing.
    var isHandshaking: Bool { get }
    /// Why the other side was refused.
    var refusal: String? { get }
    /// Who the client has proven to be; known once the handshake is over.
    var clientSubject: String? { get }

    mutating func read(into space: UnsafeMutableRawBufferPointer) -> TransportResult
    mutating func write(_ bytes: UnsafeRawBufferPointer) -> TransportResult
    /// Notifies the other side that nothing more will come.
    mutating func shutdownWrite()
    /// Releases the stream; `reset` drops what is unsent and notifies the other side.
    mutating func close(reset: Bool)
}

extension Transport {
    package var isEncrypted: Bool { false }
    package var sharesReadiness: Bool { false }
    package var isHandshaking: Bool { false }
    package var refusal: String? { nil }
    package var clientSubject: String? { nil }
}

/// A connected TCP socket that it owns.
struct PlainTransport: Transport {
    let descriptor: Int32

    /// epoll(7): on a stream, a short read shows that its space is used up.
    var shortReadMeansEmpty: Bool { true }

    mutating func read(into space: UnsafeMutableRawBufferPointer) -> TransportResult {
        let count = unsafe apus_receive(descriptor, space.baseAddress, space.count)
        return count == 0 ? .ended : result(count)
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) -> TransportResult {
        unsafe result(apus_send(descriptor, bytes.baseAddress, bytes.count))
    }

    // A failure of the following means that the other side has gone, which the next read reports.
    mutating func shutdownWrite() { _ = apus_shutdown_write(descriptor) }

    mutating func close(reset: Bool) {
        if reset { _ = apus_reset_on_close(descriptor) }
        _ = apus_close(descriptor)
    }

    private func result(_ count: Int64) -> TransportResult {
        if count >= 0 { return .bytes(Int(count)) }
        let code = Int32(truncatingIfNeeded: -count)
        return code == EAGAIN || code == EWOULDBLOCK ? .wouldBlock : .failed(errno: code)
    }
}

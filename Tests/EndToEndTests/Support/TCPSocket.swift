import Foundation
import Glibc

/// A blocking IPv4 socket on the loopback interface; closed when the object goes.
final class TCPSocket {
    enum Failure: Error, Equatable {
        /// Nobody listens at the port.
        case refused
        /// The peer cut the connection (`ECONNRESET`, `EPIPE`).
        case reset
        case timedOut
        case failed(call: String, errno: Int32)
    }

    private let descriptor: Int32

    /// Bounds each single call; only a peer that does nothing at all runs into it.
    private static let callTimeoutSeconds = 60

    init(connectingTo port: UInt16) throws(Failure) {
        descriptor = try Self.make()
        var timeout = timeval(tv_sec: Self.callTimeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        try Self.withLoopback(port) { (address, length) throws(Failure) in
            guard connect(descriptor, address, length) == 0 else { throw Self.failure("connect") }
        }
    }

    /// Listens at a port that the system chooses, and never accepts.
    init(listening: Void) throws(Failure) {
        descriptor = try Self.make()
        try Self.withLoopback(0) { (address, length) throws(Failure) in
            guard bind(descriptor, address, length) == 0 else { throw Self.failure("bind") }
        }
        guard listen(descriptor, 1) == 0 else { throw Self.failure("listen") }
    }

    deinit { close(descriptor) }

    /// The port at this end.
    var port: UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    func send(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("send") }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits for bytes; none means that the peer sends no more.
    func receive() throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("recv") }
            return Array(bytes.prefix(count))
        }
    }

    private static func make() throws(Failure) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("socket") }
        return descriptor
    }

    private static func withLoopback(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Failure) -> Void
    ) throws(Failure) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target -> Result<Void, Failure> in
                do throws(Failure) {
                    return .success(try body(target, socklen_t(MemoryLayout<sockaddr_in>.size)))
                } catch {
                    return .failure(error)
                }
            }
        }
        try result.get()
    }

    private static func failure(_ call: String) -> Failure {
        switch errno {
        case ECONNREFUSED: .refused
        case ECONNRESET, EPIPE: .reset
        case EAGAIN, ETIMEDOUT: .timedOut
        case let code: .failed(call: call, errno: code)
        }
    }
}

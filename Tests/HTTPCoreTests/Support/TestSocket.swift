import Glibc
import HTTPCore

/// A raw socket of a test, as another process would have one.
final class TestSocket {
    let descriptor: Int32

    init(adopting descriptor: Int32) { self.descriptor = descriptor }

    /// Bound to the address and, with a backlog, listening.
    init(_ address: BoundAddress, type: __socket_type = SOCK_STREAM, backlog: Int32? = 16) throws {
        var own = SocketAddress(address)
        descriptor = socket(own.family, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try own.check(own.withRaw { bind(descriptor, $0, $1) }, "a test's socket at \(address)")
        if let backlog { try own.check(listen(descriptor, backlog), "a test's socket at \(address)") }
    }

    deinit { close(descriptor) }

    /// The port that the system chose.
    var port: UInt16 {
        var address = sockaddr_in()
        var count = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &count) }
        }
        return result == 0 ? UInt16(bigEndian: address.sin_port) : 0
    }

    /// Further descriptors of the sockets, one number behind the other, as a service manager hands them over; answers the
    /// first number.
    static func handOver(_ sockets: [TestSocket]) throws -> Int32 {
        // Beyond what the other tests of the process use; should one of them be in between, further up.
        var lowest: Int32 = 600
        while true {
            let copies = sockets.map { fcntl($0.descriptor, F_DUPFD, lowest) }
            guard let first = copies.first, copies.allSatisfy({ $0 >= 0 }) else {
                throw SocketError(.inherit, "a test's socket", errno: errno)
            }
            if copies.elementsEqual(first..<first + Int32(copies.count)) { return first }
            copies.forEach { close($0) }
            lowest = (copies.max() ?? lowest) + 1
        }
    }
}

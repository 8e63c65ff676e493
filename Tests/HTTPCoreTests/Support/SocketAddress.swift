import Glibc
import HTTPCore

/// An address as the calls on sockets want it.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var byteCount: socklen_t

    init(_ address: BoundAddress) {
        switch address.endpoint {
        case .unix(let path):
            var local = sockaddr_un()
            local.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &local.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count)) }
            byteCount = Self.copy(local, to: &storage)
        case .tcp(let host, let port) where host.contains(":"):
            var internet = sockaddr_in6()
            internet.sin6_family = sa_family_t(AF_INET6)
            internet.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &internet.sin6_addr)
            byteCount = Self.copy(internet, to: &storage)
        case .tcp(let host, let port):
            var internet = sockaddr_in()
            internet.sin_family = sa_family_t(AF_INET)
            internet.sin_port = port.bigEndian
            internet.sin_addr.s_addr = inet_addr(host)
            byteCount = Self.copy(internet, to: &storage)
        }
    }

    var family: Int32 { Int32(storage.ss_family) }

    mutating func withRaw(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        let byteCount = byteCount
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, byteCount) }
        }
    }

    /// Throws when the call answered that it failed.
    func check(_ result: Int32, _ subject: String) throws(SocketError) {
        if result != 0 { throw SocketError(.watch, subject, errno: errno) }
    }

    private static func copy<Address>(_ address: Address, to storage: inout sockaddr_storage) -> socklen_t {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
        return socklen_t(MemoryLayout<Address>.size)
    }
}

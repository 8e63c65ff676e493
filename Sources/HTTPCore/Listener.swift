import CPlatform
import Glibc

/// A listening socket, owned by the loop that accepts from it.
final class Listener {
    enum Outcome {
        /// Nothing more waits.
        case drained
        /// The budget is used up; more may wait.
        case more
        /// The process or the system lacks something (descriptors, memory); accepting again at once would fail as well.
        case exhausted(errno: Int32)
    }

    private static let backlog: Int32 = 1024

    let descriptor: Int32
    let address: BoundAddress
    private let transport: any TransportFactory
    /// While accepting pauses: when it goes on.
    var resumesAt: MonotonicInstant?
    /// From the first accept that failed for want of something until one that did not.
    var isExhausted = false
    /// Once new handshakes are refused: when the socket closes.
    var closesAt: MonotonicInstant?

    private init(descriptor: Int32, address: BoundAddress, transport: any TransportFactory) {
        self.descriptor = descriptor
        self.address = address
        self.transport = transport
    }

    /// Opens a listener on every address that the host has.
    static func open(_ wanted: ListenerConfiguration) throws(SocketError) -> [Listener] {
        var listeners: [Listener] = []
        var unavailable: SocketError?
        for address in try resolve(wanted.address) {
            do throws(SocketError) {
                listeners.append(try listen(address, wanted))
            } catch  where error.errno == EADDRNOTAVAIL || error.errno == EAFNOSUPPORT {
                // "localhost" may name ::1 on a machine without IPv6; one working address is enough.
                unavailable = error
            } catch {
                listeners.forEach { $0.close() }
                throw error
            }
        }
        if listeners.isEmpty, let unavailable { throw unavailable }
        return listeners
    }

    private static func resolve(_ wanted: ListenerAddress) throws(SocketError) -> [apus_address] {
        guard case .tcp(let host, let port) = wanted else { return [] }
        var found = [apus_address](repeating: apus_address(), count: 8)
        let count = unsafe apus_resolve(host, port, &found, Int32(found.count))
        guard count > 0 else { throw SocketError(.resolve, host, errno: count) }
        // With port 0 each address would get a port of its own.
        return Array(found.prefix(port == 0 ? 1 : Int(count)))
    }

    private static func listen(_ address: apus_address, _ wanted: ListenerConfiguration) throws(SocketError) -> Listener {
        var address = address
        let subject = address.text.map { BoundAddress(host: $0.host, port: $0.port).description } ?? wanted.address.description
        let descriptor = unsafe apus_listen(&address, backlog)
        guard descriptor >= 0 else { throw SocketError(.listen, subject, errno: -descriptor) }
        let result = unsafe apus_local_address(descriptor, &address)
        guard result >= 0, let bound = address.text else {
            _ = apus_close(descriptor)
            throw SocketError(.inspect, subject, errno: -result)
        }
        return Listener(descriptor: descriptor, address: BoundAddress(host: bound.host, port: bound.port), transport: wanted.transport)
    }

    func close() { _ = apus_close(descriptor) }

    /// Accepts up to `budget` connections.
    func accept(budget: Int, _ take: (AcceptedSocket) -> Void) -> Outcome {
        for _ in 0..<budget {
            var address = apus_address()
            let accepted = unsafe apus_accept(descriptor, &address)
            if accepted >= 0 {
                take(
                    AcceptedSocket(
                        descriptor: accepted, peer: PeerAddress(address), isLocal: false, transport: transport))
                continue
            }
            switch -accepted {
            case EAGAIN, EWOULDBLOCK: return .drained
            // The client gave up, or the network failed for this one connection (accept(2)).
            case ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM:
                continue
            default: return .exhausted(errno: -accepted)
            }
        }
        return .more
    }
}

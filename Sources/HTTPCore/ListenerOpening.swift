import CPlatform
import Glibc

// How a listener comes to be, for each kind of address.

extension Listener {
    /// Opens what the configuration names: one listener, or for a host name one on every address it has.
    static func open(_ wanted: ListenerConfiguration) throws(SocketError) -> [Listener] {
        switch wanted.address {
        case .tcp(let host, let port):
            return try openTCP(host, port, wanted.transport)
        case .unix(let path, let mode, let group):
            let (descriptor, file) = try UnixSocket.listen(path: path, mode: mode, group: group, backlog: backlog)
            let address = BoundAddress(.unix(path: path))
            return [Listener(descriptor: descriptor, address: address, gate: .file(file), transport: wanted.transport)]
        case .inherited(let descriptor, let name):
            let address = try InheritedSocket(descriptor: descriptor, name: name).prepare()
            return [Listener(descriptor: descriptor, address: address, gate: .none, transport: wanted.transport)]
        }
    }

    private static func openTCP(
        _ host: String, _ port: UInt16, _ transport: any TransportFactory
    ) throws(SocketError) -> [Listener] {
        var listeners: [Listener] = []
        do throws(SocketError) {
            try forEachAddress(host, port) { (address) throws(SocketError) in listeners.append(try listen(address, transport)) }
        } catch {
            listeners.forEach { $0.close() }
            throw error
        }
        return listeners
    }

    /// Whether the addresses could be listened on, found out without listening.
    static func tryTCP(_ host: String, _ port: UInt16) throws(SocketError) {
        try forEachAddress(host, port) { (address) throws(SocketError) in
            var address = address
            let descriptor = unsafe apus_bind(&address)
            guard descriptor >= 0 else { throw SocketError(.listen, subject(address), errno: -descriptor) }
            _ = apus_close(descriptor)
        }
    }

    /// Calls `body` with each address of the host; one that works is enough where others are none of this machine.
    private static func forEachAddress(
        _ host: String, _ port: UInt16, _ body: (apus_address) throws(SocketError) -> Void
    ) throws(SocketError) {
        var workingCount = 0
        var unavailable: SocketError?
        for address in try resolve(host, port) {
            do throws(SocketError) {
                try body(address)
                workingCount += 1
            } catch  where error.errno == EADDRNOTAVAIL || error.errno == EAFNOSUPPORT {
                // "localhost" may name ::1 on a machine without IPv6.
                unavailable = error
            }
        }
        if workingCount == 0, let unavailable { throw unavailable }
    }

    private static func subject(_ address: apus_address) -> String {
        address.text.map { BoundAddress(host: $0.host, port: $0.port).description } ?? "an unknown address"
    }

    private static func resolve(_ host: String, _ port: UInt16) throws(SocketError) -> [apus_address] {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let name = isBracketed ? String(host.dropFirst().dropLast()) : host
        // The resolver would take an empty host for every address of the machine, and read a name up to a zero byte.
        guard !name.isEmpty, !name.utf8.contains(0), !isBracketed || name.contains(":") else {
            throw SocketError(.resolve, host, errno: EAI_NONAME)
        }
        var found = [apus_address](repeating: apus_address(), count: 8)
        let count = unsafe apus_resolve(name, port, &found, Int32(found.count))
        guard count > 0 else { throw SocketError(.resolve, host, errno: count) }
        // With port 0 each address would get a port of its own.
        return Array(found.prefix(port == 0 ? 1 : Int(count)))
    }

    private static func listen(_ address: apus_address, _ transport: any TransportFactory) throws(SocketError) -> Listener {
        var address = address
        let subject = subject(address)
        let descriptor = unsafe apus_listen(&address, backlog)
        guard descriptor >= 0 else { throw SocketError(.listen, subject, errno: -descriptor) }
        let result = unsafe apus_local_address(descriptor, &address)
        guard result >= 0, let bound = address.text else {
            _ = apus_close(descriptor)
            throw SocketError(.inspect, subject, errno: -result)
        }
        let place = BoundAddress(host: bound.host, port: bound.port)
        return Listener(descriptor: descriptor, address: place, gate: .handshakes, transport: transport)
    }
}

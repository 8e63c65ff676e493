import HTTPCore
import Logging

/// Where the daemon listens and by which certificate: what the configuration names, and what the service manager has handed over.
struct Listening: Sendable {
    let listeners: [ListenerConfiguration]
    /// Nil: clear text everywhere.
    let tls: TLSContext?

    /// - Throws: when the files of `server.tls` or the sockets handed over are of no use.
    init(_ server: ServerConfiguration, environment: [String: String], logger: Logger) throws(CommandFailure) {
        do throws(TLSError) {
            tls = try server.tls.map { (files) throws(TLSError) in try TLSContext(files) }
        } catch {
            throw CommandFailure(error)
        }
        for warning in tls?.warnings ?? [] { logger.warning("\(warning)") }
        do throws(SocketError) {
            let inherited = try Self.inherited(environment)
            var listeners: [ListenerConfiguration] = []
            // A unit that opens the sockets has taken over the choice of where to listen.
            if let address = server.address, inherited.allSatisfy({ server.admin == .systemd(name: $0.socket.name) }) {
                listeners.append(Self.tcp(address, server.port, isEncrypted: true, tls))
            }
            for entry in server.listeners {
                switch entry.place {
                case .tcp(let host, let port): listeners.append(Self.tcp(host, port, isEncrypted: entry.isEncrypted ?? true, tls))
                case .unix(let path, let mode, let group): listeners.append(.unix(path: path, mode: mode, group: group))
                case .systemd: break
                }
            }
            for (socket, bound) in inherited where server.admin != .systemd(name: socket.name) {
                let isEncrypted = Self.entry(of: socket, in: server.listeners)?.isEncrypted ?? !bound.isUnix
                listeners.append(ListenerConfiguration(socket.address, transport: Self.transport(isEncrypted, tls)))
            }
            if let admin = server.admin { listeners += try Self.administrative(admin, inherited.map(\.socket), tls) }
            self.listeners = listeners
            try Self.requireNamed(server.listeners, among: inherited.map(\.socket.name))
        } catch {
            throw CommandFailure(error)
        }
        guard listeners.allSatisfy(\.isAdministrative) else { return }
        throw CommandFailure(
            .configuration, "no listener is left: server.address is none and no socket was handed over; start the daemon by its socket unit"
        )
    }

    /// The listener for operators, encrypted as the others are.
    private static func administrative(
        _ place: ListenerEntry.Place, _ inherited: [InheritedSocket], _ tls: TLSContext?
    ) throws(SocketError) -> [ListenerConfiguration] {
        var listeners: [ListenerConfiguration]
        switch place {
        case .tcp(let host, let port): listeners = [tcp(host, port, isEncrypted: true, tls)]
        case .unix(let path, let mode, let group): listeners = [.unix(path: path, mode: mode, group: group)]
        case .systemd(let name):
            listeners = try inherited.filter { $0.name == name }.map { (socket) throws(SocketError) in
                ListenerConfiguration(socket.address, transport: transport(try !socket.prepare().isUnix, tls))
            }
            guard !listeners.isEmpty else { throw missing(name, of: Settings.admin.path, among: inherited.map(\.name)) }
        }
        for index in listeners.indices { listeners[index].isAdministrative = true }
        return listeners
    }

    private static func inherited(
        _ environment: [String: String]
    ) throws(SocketError) -> [(socket: InheritedSocket, bound: BoundAddress)] {
        var found: [(InheritedSocket, BoundAddress)] = []
        for socket in try InheritedSockets.find(in: environment) { found.append((socket, try socket.prepare())) }
        return found
    }

    private static func tcp(_ host: String, _ port: UInt16, isEncrypted: Bool, _ tls: TLSContext?) -> ListenerConfiguration {
        .tcp(host: host, port: port, transport: transport(isEncrypted, tls))
    }

    private static func transport(_ isEncrypted: Bool, _ tls: TLSContext?) -> any TransportFactory {
        guard isEncrypted, let tls else { return PlainTransportFactory() }
        return tls
    }

    private static func entry(of socket: InheritedSocket, in entries: [ListenerEntry]) -> ListenerEntry? {
        entries.first { $0.place == .systemd(name: socket.name) }
    }

    /// Each socket that the configuration counts on must be there.
    private static func requireNamed(_ entries: [ListenerEntry], among names: [String]) throws(SocketError) {
        for entry in entries {
            guard case .systemd(let wanted) = entry.place, !names.contains(wanted) else { continue }
            throw missing(wanted, of: entry.key, among: names)
        }
    }

    private static func missing(_ wanted: String, of key: String, among names: [String]) -> SocketError {
        let found = names.isEmpty ? "none was handed over" : "those handed over are \(names.joined(separator: ", "))"
        return SocketError(
            .inherit, "the socket \"\(wanted)\" of \(key)", errno: 0,
            because: "\(found); start the daemon by its socket unit, with FileDescriptorName=\(wanted)")
    }
}

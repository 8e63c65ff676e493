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

    /// How a listener stops newcomers while those that the kernel has accepted are still taken.
    enum Gate {
        /// TCP: new handshakes are dropped, those under way complete.
        case handshakes
        /// Nobody can name the socket once its file is gone.
        case file(UnixSocketFile)
        /// The socket is also another process's, which goes on listening: nobody is stopped and nothing is lost.
        case none
    }

    /// Connections that the kernel holds until they are accepted.
    static let backlog: Int32 = 1024

    let descriptor: Int32
    let address: BoundAddress
    private let transport: any TransportFactory
    /// What the access log calls it: the name under which it was handed over, else its address.
    private let name: String
    private var gate: Gate

    /// Of a Unix socket that the server has opened.
    var file: UnixSocketFile? {
        if case .file(let file) = gate { file } else { nil }
    }

    /// Whether another process has the socket open as well, so that its queue outlives this listener.
    var isInherited: Bool { address.inheritedName != nil }

    /// Whether its clients are operators.
    var isAdministrative = false
    /// Whether nobody is accepted yet: clients wait in the kernel's queue.
    var isHeld = false
    /// While accepting pauses: when it goes on.
    var resumesAt: MonotonicInstant?
    /// Once newcomers are stopped: when the socket closes.
    var closesAt: MonotonicInstant?

    init(descriptor: Int32, address: BoundAddress, gate: Gate, transport: any TransportFactory) {
        self.descriptor = descriptor
        self.address = address
        self.gate = gate
        self.transport = transport
        name = address.inheritedName ?? address.description
    }

    /// Where clients find it: `http://127.0.0.1:8501`, `unix:/run/apus/apus.sock`.
    var location: String {
        address.isUnix ? address.description : (transport.acceptsClearText ? "http://" : "https://") + address.description
    }

    /// Stops newcomers; returns whether some may still be on their way and deserve a moment.
    func stopNewcomers() -> Bool {
        switch gate {
        case .handshakes:
            // Should the filter be refused, the moment still takes what has arrived.
            _ = apus_refuse_new_handshakes(descriptor)
            return true
        case .file(let file):
            file.remove()
            // A successor's file at the same path is none of ours.
            gate = .none
            return true
        case .none:
            return false
        }
    }

    func close() {
        if case .file(let file) = gate { file.remove() }
        _ = apus_close(descriptor)
    }

    /// Accepts up to `budget` connections.
    func accept(budget: Int, _ take: (AcceptedSocket) -> Void) -> Outcome {
        for _ in 0..<budget {
            var address = apus_address()
            let accepted = unsafe apus_accept(descriptor, &address)
            if accepted >= 0 {
                take(
                    AcceptedSocket(
                        descriptor: accepted, peer: PeerAddress(address), isLocal: self.address.isUnix, listener: name,
                        isAdministrative: isAdministrative, transport: transport))
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

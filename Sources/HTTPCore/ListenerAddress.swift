/// Where the server shall listen.
package enum ListenerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric address, IPv6 with or without brackets, or a host name (every address it has), and a port; port 0 lets
    /// the system choose. `::` takes IPv4 as well.
    case tcp(host: String, port: UInt16)
    /// A socket file at `path`, which appears with this mode and the group of that name or number (nil: the process's own).
    ///
    /// A file that a dead process has left is replaced; one on which somebody listens is not.
    case unix(path: String, mode: UInt32 = 0o660, group: String? = nil)
    /// A listening socket that another process has handed over, as `InheritedSockets` finds them; the server closes it.
    case inherited(descriptor: Int32, name: String)

    package var description: String {
        switch self {
        case .tcp(let host, let port): hostAndPort(host, port)
        case .unix(let path, _, _): "unix:\(path)"
        case .inherited(let descriptor, let name): "descriptor \(descriptor) (\"\(name)\")"
        }
    }
}

/// Where a listener really listens.
package struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    package enum Endpoint: Sendable, Hashable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    package let endpoint: Endpoint
    /// The name under which the socket was handed over; nil for one that the server has opened.
    package let inheritedName: String?

    package init(_ endpoint: Endpoint, inheritedName: String? = nil) {
        self.endpoint = endpoint
        self.inheritedName = inheritedName
    }

    package init(host: String, port: UInt16) { self.init(.tcp(host: host, port: port)) }

    /// Whether clients are processes of this machine that may open a file.
    package var isUnix: Bool {
        if case .unix = endpoint { true } else { false }
    }

    /// The numeric host without brackets; empty for a Unix socket.
    package var host: String {
        if case .tcp(let host, _) = endpoint { host } else { "" }
    }

    /// The real port; 0 for a Unix socket.
    package var port: UInt16 {
        if case .tcp(_, let port) = endpoint { port } else { 0 }
    }

    package var description: String {
        let place =
            switch endpoint {
            case .tcp(let host, let port): hostAndPort(host, port)
            case .unix(let path): "unix:\(path)"
            }
        return inheritedName.map { "\(place) (handed over as \"\($0)\")" } ?? place
    }
}

private func hostAndPort(_ host: String, _ port: UInt16) -> String {
    host.contains(":") && !host.hasPrefix("[") ? "[\(host)]:\(port)" : "\(host):\(port)"
}

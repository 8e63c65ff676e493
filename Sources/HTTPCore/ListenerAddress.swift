/// Where the server shall listen.
package enum ListenerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A numeric address or a host name (every address it has), and a port; port 0 lets the system choose.
    case tcp(host: String, port: UInt16)

    package var description: String {
        switch self {
        case .tcp(let host, let port): hostAndPort(host, port)
        }
    }
}

/// Where a listener really listens.
package struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    package var description: String { hostAndPort(host, port) }
}

private func hostAndPort(_ host: String, _ port: UInt16) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
}

import CPlatform
import Glibc

/// Whether a listener could be opened, found out without opening it: nothing that listens is disturbed, and no file is made.
package enum ListenerTrial {
    /// - Throws: what opening it would throw. `EADDRINUSE` may be the server's own doing, when it runs.
    package static func run(_ address: ListenerAddress) throws(SocketError) {
        switch address {
        case .tcp(let host, let port): try Listener.tryTCP(host, port)
        case .unix(let path, let mode, let group): try UnixSocket.tryListening(path: path, mode: mode, group: group)
        case .inherited: break
        }
    }
}

extension AccessLogConfiguration {
    /// - Throws: what opening the destination would throw; no file is made.
    package func tryDestination() throws(SocketError) {
        guard case .file(let path) = destination else { return }
        let result = unsafe apus_can_append(path)
        guard result == 0 else { throw SocketError(.openLog, path, errno: -result) }
    }
}

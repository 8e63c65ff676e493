/// One element of `server.listeners`.
package struct ListenerEntry: Sendable, Equatable {
    package enum Place: Sendable, Equatable {
        case tcp(host: String, port: UInt16)
        /// Of the file, the path is as it was written until the loader has made it absolute.
        case unix(path: String, mode: UInt32, group: String?)
        /// Sockets that the service manager hands over under this name.
        case systemd(name: String)
    }

    package var place: Place
    /// Nil: encrypted when `server.tls` has a certificate and the socket is one of TCP.
    package var isEncrypted: Bool?
    package let origin: ConfigurationOrigin
    /// Such as `server.listeners[1]`.
    package let key: String
}

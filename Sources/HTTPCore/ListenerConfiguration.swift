/// One place where the server listens, and how bytes travel over the connections that come in there.
package struct ListenerConfiguration: Sendable {
    package var address: ListenerAddress
    package var transport: any TransportFactory
    /// Whether its clients are operators, who may see and do what others may not.
    package var isAdministrative = false

    package init(_ address: ListenerAddress, transport: any TransportFactory = PlainTransportFactory()) {
        self.address = address
        self.transport = transport
    }

    /// See `ListenerAddress.tcp`.
    package static func tcp(
        host: String, port: UInt16, transport: any TransportFactory = PlainTransportFactory()
    ) -> ListenerConfiguration {
        ListenerConfiguration(.tcp(host: host, port: port), transport: transport)
    }

    /// See `ListenerAddress.unix`.
    package static func unix(
        path: String, mode: UInt32 = 0o660, group: String? = nil, transport: any TransportFactory = PlainTransportFactory()
    ) -> ListenerConfiguration {
        ListenerConfiguration(.unix(path: path, mode: mode, group: group), transport: transport)
    }
}

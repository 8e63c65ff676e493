import Glibc

/// How a server listens and what it allows.
package struct HTTPServerConfiguration: Sendable {
    package var listeners: [ListenerConfiguration]
    package var limits: ConnectionLimits
    /// Loops that share the connections, each on one thread at most.
    package var loopCount: Int
    /// The value of the `Server` field.
    package var serverName: String
    /// How long browsers that have seen an encrypted response shall speak to this host encrypted only, on all its ports
    /// (RFC 6797); nil leaves it to them.
    package var strictTransportSecurity: Duration?
    /// Nil when requests are not logged.
    package var accessLog: AccessLogConfiguration?
    /// Whether responses say what their requests are called, by `X-Request-Id`.
    package var namesRequests: Bool
    /// Whether clients of sockets that were handed over wait, from the start, for `acceptHeld`.
    package var holdsInherited: Bool

    /// - Parameter loopCount: By default one for every two processors, as the others compute what the loops send.
    package init(
        listeners: [ListenerConfiguration],
        limits: ConnectionLimits = ConnectionLimits(),
        loopCount: Int = HTTPServerConfiguration.defaultLoopCount,
        serverName: String = "apus",
        strictTransportSecurity: Duration? = nil,
        accessLog: AccessLogConfiguration? = nil,
        namesRequests: Bool = false,
        holdsInherited: Bool = false
    ) {
        self.listeners = listeners
        self.limits = limits
        self.loopCount = max(1, loopCount)
        self.serverName = serverName
        self.strictTransportSecurity = strictTransportSecurity
        self.accessLog = accessLog
        self.namesRequests = namesRequests
        self.holdsInherited = holdsInherited
    }

    package static var defaultLoopCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) / 2) }
}

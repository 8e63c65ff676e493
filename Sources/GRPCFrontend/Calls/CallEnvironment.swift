import ModelServing

/// What the daemon decides about calls.
package struct GRPCConfiguration: Sendable {
    /// How long a call may take from its message on; nil: as long as it takes.
    package var requestTimeout: Duration?
    /// Bytes of one message that is received.
    package var maxRequestBytes: Int
    /// Bytes of one message that is sent.
    package var maxResponseBytes: Int
    /// Calls that are under way at once on one connection.
    package var maxConcurrentStreams: Int
    /// Whether tensors go out in `tensor_content`, and not in the fields of their types.
    package var writesTensorContent: Bool
    /// Whether a signature may only be called by the method that its model says it is made for.
    package var checksMethodNames: Bool
    package var offersHealth: Bool
    package var loopCount: Int
    package var connection: ConnectionOptions

    package init(
        requestTimeout: Duration? = .seconds(30), maxRequestBytes: Int = 256 << 20, maxResponseBytes: Int = 256 << 20,
        maxConcurrentStreams: Int = 1_024, writesTensorContent: Bool = false, checksMethodNames: Bool = false, offersHealth: Bool = true,
        loopCount: Int = 1, connection: ConnectionOptions = .init()
    ) {
        self.requestTimeout = requestTimeout
        self.maxRequestBytes = maxRequestBytes
        self.maxResponseBytes = maxResponseBytes
        self.maxConcurrentStreams = maxConcurrentStreams
        self.writesTensorContent = writesTensorContent
        self.checksMethodNames = checksMethodNames
        self.offersHealth = offersHealth
        self.loopCount = loopCount
        self.connection = connection
    }

    /// What becomes of connections that are quiet, old, or dead. Nil: never.
    package struct ConnectionOptions: Sendable, Equatable {
        package var maxIdle: Duration?
        package var maxAge: Duration?
        package var maxAgeGrace: Duration?
        /// Without data from the client for so long, it is asked for a sign of life.
        package var keepaliveTime = Duration.seconds(7_200)
        package var keepaliveTimeout = Duration.seconds(20)
        /// Clients that ask for signs of life more often, five times, are sent away.
        package var minPingInterval = Duration.seconds(300)
        package var permitsPingsWithoutCalls = false

        package init() {}
    }
}

/// What every call is handled with.
struct CallEnvironment: Sendable {
    let configuration: GRPCConfiguration
    let backend: any PredictionBackend
    let held: HeldRequests
    let observer: (any CallObserver)?
    let meters: any CallMeters
    let drain: DrainFlag
}

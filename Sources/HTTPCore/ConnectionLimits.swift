/// What one connection, and all together, may take; everything that comes from outside is bounded here.
package struct ConnectionLimits: Sendable, Equatable {
    /// Bytes of the request line with its CRLF; more gets 414.
    package var maxRequestLineBytes = 8 * 1024
    /// Bytes of request line and fields together; more gets 431.
    package var maxHeadBytes = 32 * 1024
    /// Header fields of one request; more gets 431.
    package var maxFieldCount = 128
    /// Bytes of a request body after removal of the chunked framing, and again of each content coding; more gets 413.
    package var maxBodyBytes = 64 * 1024 * 1024
    /// Bytes of a body, content codings not removed, beyond which a request is handed to the handler as a `DetachedRequest`; of
    /// content that is coded, and thus grows, beyond an eighth of that.
    package var maxInlineBodyBytes = 128 * 1024
    /// Bytes of a response in JSON that is built outside the handler's call; more is not sent, and the handler hears of it.
    package var maxResponseBytes = 256 * 1024 * 1024
    /// Bytes of chunk extensions in one body; more gets 413.
    package var maxChunkExtensionBytes = 16 * 1024
    /// Bytes of the trailer section of a chunked body; more gets 431.
    package var maxTrailerBytes = 8 * 1024

    /// Bytes from which on a response is compressed for clients that accept it; 0 means never.
    package var compressionThresholdBytes = 16 * 1024
    /// 1 (fastest) to 9 (smallest).
    package var compressionLevel = 1

    /// Connections open at once, as far as `DescriptorLimit.maxConnections` allows; one more gets 503 and is closed.
    package var maxConnections = 16 * 1024
    /// Connections open at once from one client (an IPv4 address, or an IPv6 network of 64 bits); 0 means as many as in all.
    package var maxConnectionsPerPeer = 0
    /// Requests with the handler at once, over all connections; the next one gets 503 at once and its connection
    /// kept. 0 means one for every connection.
    package var maxRequestsInFlight = 0
    /// Requests answered on one connection before it is closed; 0 means any number.
    package var maxRequestsPerConnection = 0

    /// From the first byte of a request (or from accept) to the end of its head; then 408.
    package var headTimeout: Duration = .seconds(10)
    /// A body must bring `minBytesPerSecond` within every window of this length; else 408.
    package var bodyTimeout: Duration = .seconds(10)
    /// A client must take `minBytesPerSecond` of a response within every window of this length; else the connection is reset.
    package var writeTimeout: Duration = .seconds(30)
    /// The slowest rate at which a body may come and a response may go.
    package var minBytesPerSecond = 256
    /// How long a connection may rest between requests.
    package var idleTimeout: Duration = .seconds(75)
    /// How long a closing connection goes on reading, so that its last response is not lost to a reset.
    package var lingerTimeout: Duration = .seconds(2)
    /// How long, after a drain began, a resting connection may still bring a request that was already under way.
    package var drainGrace: Duration = .milliseconds(500)

    package init() {}
}

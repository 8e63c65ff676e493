import HTTPCore
import Logging

/// A server that has started on the listeners given, silently.
func startServer(
    _ listeners: [ListenerConfiguration] = [.tcp(host: "127.0.0.1", port: 0)], handler: any RequestHandler = TestHandler(),
    limits: ConnectionLimits = ConnectionLimits(), loopCount: Int = 2
) throws(SocketError) -> HTTPServer {
    let server = HTTPServer(
        configuration: HTTPServerConfiguration(listeners: listeners, limits: limits, loopCount: loopCount), handler: handler,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try server.start()
    return server
}

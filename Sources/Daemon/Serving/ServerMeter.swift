import HTTPCore
import Synchronization
import Telemetry

/// Brings the server's own counts into the metrics when somebody reads them.
final class ServerMeter: Sendable {
    private let metrics: ServingMetrics
    private let last = Mutex(ServerStatistics())

    init(_ metrics: ServingMetrics) { self.metrics = metrics }

    func read(_ now: ServerStatistics) {
        metrics.openConnections.cell().set(Int64(now.openConnections))
        last.withLock { last in
            func advance(_ counter: Counter, _ count: KeyPath<ServerStatistics, Int>) {
                let step = now[keyPath: count] - last[keyPath: count]
                if step > 0 { counter.increment(by: UInt64(step)) }
            }
            advance(metrics.connections.cell("accepted"), \.acceptedConnections)
            advance(metrics.connections.cell("refused"), \.refusedConnections)
            advance(metrics.connections.cell("timed_out"), \.timedOutConnections)
            advance(metrics.connections.cell("failed_handshake"), \.failedHandshakes)
            advance(metrics.httpRequests.cell("handled"), \.requests)
            advance(metrics.httpRequests.cell("refused"), \.refusedRequests)
            advance(metrics.httpRequests.cell("abandoned"), \.abandonedRequests)
            advance(metrics.httpBytes.cell("received"), \.bytesReceived)
            advance(metrics.httpBytes.cell("sent"), \.bytesSent)
            advance(metrics.acceptPauses.cell(), \.acceptPauses)
            advance(metrics.droppedLogRecords.cell(), \.droppedLogRecords)
            last = now
        }
    }
}

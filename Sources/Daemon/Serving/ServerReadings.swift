import HTTPCore
import Telemetry

extension MetricStore {
    /// Adds what the server counts itself.
    func addReadings(of statistics: @escaping @Sendable () -> ServerStatistics) {
        readGauge(MetricDescription("apus_connections_open", help: "Open client connections.")) {
            [.init([], Double(statistics().openConnections))]
        }
        readGauge(MetricDescription("apus_requests_in_flight", help: "Requests of every route that are being answered.")) {
            [.init([], Double(statistics().requestsInFlight))]
        }
        readCounter(
            MetricDescription(
                "apus_connections_total", labels: ["outcome"],
                help: "Connections accepted, and of those refused by a limit, timed out, or failed in the TLS handshake.")
        ) {
            let now = statistics()
            return [
                .init(["accepted"], Double(now.acceptedConnections)), .init(["refused"], Double(now.refusedConnections)),
                .init(["timed_out"], Double(now.timedOutConnections)), .init(["failed_handshake"], Double(now.failedHandshakes)),
            ]
        }
        readCounter(
            MetricDescription(
                "apus_http_requests_total", labels: ["outcome"],
                help: "Requests of every route: handled, refused without a handler, abandoned by their client.")
        ) {
            let now = statistics()
            return [
                .init(["handled"], Double(now.requests)), .init(["refused"], Double(now.refusedRequests)),
                .init(["abandoned"], Double(now.abandonedRequests)),
            ]
        }
        readCounter(
            MetricDescription(
                "apus_http_responses_total", labels: ["class"], help: "Responses of every route by the first digit of their status.")
        ) {
            let now = statistics()
            return [
                .init(["2xx"], Double(now.responses2xx)), .init(["3xx"], Double(now.responses3xx)),
                .init(["4xx"], Double(now.responses4xx)), .init(["5xx"], Double(now.responses5xx)),
            ]
        }
        readCounter(
            MetricDescription("apus_http_bytes_total", labels: ["direction"], help: "Bytes received from and sent to clients.")
        ) {
            let now = statistics()
            return [.init(["received"], Double(now.bytesReceived)), .init(["sent"], Double(now.bytesSent))]
        }
        readCounter(MetricDescription("apus_accept_pauses_total", help: "Times that accepting paused for want of file descriptors.")) {
            [.init([], Double(statistics().acceptPauses))]
        }
        readCounter(
            MetricDescription(
                "apus_access_log_dropped_total", help: "Records of the access log that were dropped as its destination was slow.")
        ) {
            [.init([], Double(statistics().droppedLogRecords))]
        }
    }
}

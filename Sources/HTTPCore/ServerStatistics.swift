import Synchronization

/// What a server has done since it started, and what it is doing.
package struct ServerStatistics: Sendable, Equatable {
    /// Connections taken from the kernel, refused ones included.
    package var acceptedConnections = 0
    package var openConnections = 0
    /// Connections turned away by a limit.
    package var refusedConnections = 0
    /// Connections turned away because no encrypted stream came about: other versions or ciphers, a bad certificate.
    package var failedHandshakes = 0
    /// Times that accepting paused because no file descriptor (or memory) was left.
    package var acceptPauses = 0
    /// Whole requests given to the handler.
    package var requests = 0
    /// Requests that are with the handler now.
    package var requestsInFlight = 0
    /// Requests that broke the protocol or a limit and were refused without the handler.
    package var refusedRequests = 0
    /// Requests whose client left before the response.
    package var abandonedRequests = 0
    /// Connections closed because a deadline passed, those at rest not counted.
    package var timedOutConnections = 0
    /// Responses by the first digit of their status.
    package var responses2xx = 0
    package var responses3xx = 0
    package var responses4xx = 0
    package var responses5xx = 0
    package var bytesReceived = 0
    package var bytesSent = 0
    /// Records of the access log that its destination was too slow for, or refused.
    package var droppedLogRecords = 0

    package init() {}
}

/// The counters of one loop. Only the loop writes, so a plain load and store suffice; anyone may read.
package final class LoopCounters: Sendable {
    let acceptedConnections = Atomic(0)
    let refusedConnections = Atomic(0)
    let failedHandshakes = Atomic(0)
    let acceptPauses = Atomic(0)
    let requests = Atomic(0)
    let requestsInFlight = Atomic(0)
    let refusedRequests = Atomic(0)
    let abandonedRequests = Atomic(0)
    let timedOutConnections = Atomic(0)
    let responses2xx = Atomic(0)
    let responses3xx = Atomic(0)
    let responses4xx = Atomic(0)
    let responses5xx = Atomic(0)
    let bytesReceived = Atomic(0)
    let bytesSent = Atomic(0)

    func countResponse(_ status: HTTPStatus) {
        switch status.code / 100 {
        case 2: responses2xx.add(1)
        case 3: responses3xx.add(1)
        case 4: responses4xx.add(1)
        default: responses5xx.add(1)
        }
    }

    package func addSnapshot(to sum: inout ServerStatistics) {
        sum.acceptedConnections += acceptedConnections.value
        sum.refusedConnections += refusedConnections.value
        sum.failedHandshakes += failedHandshakes.value
        sum.acceptPauses += acceptPauses.value
        sum.requests += requests.value
        sum.requestsInFlight += requestsInFlight.value
        sum.refusedRequests += refusedRequests.value
        sum.abandonedRequests += abandonedRequests.value
        sum.timedOutConnections += timedOutConnections.value
        sum.responses2xx += responses2xx.value
        sum.responses3xx += responses3xx.value
        sum.responses4xx += responses4xx.value
        sum.responses5xx += responses5xx.value
        sum.bytesReceived += bytesReceived.value
        sum.bytesSent += bytesSent.value
    }
}

extension Atomic where Value == Int {
    /// For the one thread that writes.
    @inline(__always)
    func add(_ amount: Int) {
        store(load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    var value: Int { load(ordering: .relaxed) }
}

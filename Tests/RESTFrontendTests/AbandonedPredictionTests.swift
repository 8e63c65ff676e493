import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Synchronization
import Testing

@Suite("abandoned predictions", .timeLimit(.minutes(1)))
struct AbandonedPredictionTests {
    @Test("are told to the backend, and counted as cancelled", arguments: [LiveServer.Departure.close, .reset])
    func left(_ departure: LiveServer.Departure) async throws {
        let server = try LiveServer()
        server.backend.parks.withLock { $0 = true }
        let target = "/v1/models/half_plus_two:predict"
        let leaving = try await server.send("POST", target, body: "{\"inputs\":[1]}")
        while server.backend.parkedCount < 1 { await Task.yield() }
        async let staying = server.request("POST", target, body: "{\"inputs\":[1]}")
        while server.backend.parkedCount < 2 { await Task.yield() }
        #expect(server.backend.abandonedCount == 0)
        leaving.leave(departure)
        while server.backend.abandonedCount < 1 { await Task.yield() }
        server.backend.answerParked()
        #expect(try await staying.status == 200)
        let told = server.observer.requests.withLock { $0 }
        #expect(told.map(\.outcome.status) == [.cancelled, .ok] && told.map(\.record.model) == ["half_plus_two", "half_plus_two"])
        #expect(server.statistics.abandonedRequests == 1)
        await server.stop()
    }
}

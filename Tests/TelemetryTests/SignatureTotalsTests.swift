import Telemetry
import Testing

@Suite("Totals of a signature")
struct SignatureTotalsTests {
    @Test("hold calls, their parts, and runs by their number of rows")
    func totals() throws {
        let metrics = ServingMetrics()
        let signature = SignatureMetrics(metrics, BatchMetrics(metrics), model: "m", version: 1, signature: "s")
        #expect(signature.totals.lastSuccess == 0)
        signature.countBatch(rowCount: 3, executedRowCount: 4, nanoseconds: 100, assemblyNanoseconds: 10)
        signature.countBatch(rowCount: 3, executedRowCount: 4, nanoseconds: 200, assemblyNanoseconds: 20)
        signature.countBatch(rowCount: 1, executedRowCount: 1, nanoseconds: 7)
        let call = SignatureMetrics.Call(read: 1, parse: 2, queue: 3, assemble: 4, run: 5, encode: 6)
        signature.countSuccess(.predict, nanoseconds: 50, call, batchRowCount: 3)
        signature.countSuccess(nanoseconds: 60, call, batchRowCount: 3)
        signature.countFailure(status: "INTERNAL", nanoseconds: 9)
        let totals = signature.totals
        #expect(totals.success == .init(count: 2, nanoseconds: 110))
        #expect(totals.failure == .init(count: 1, nanoseconds: 9))
        #expect(totals.queue == .init(count: 2, nanoseconds: 6))
        #expect(totals.run == .init(count: 2, nanoseconds: 10))
        #expect(totals.executionCount == 3 && totals.rowCount == 7)
        #expect(totals.lastSuccess > 1_600_000_000_000)
        #expect(totals.batchSizes.map(\.size) == [1, 3])
        let three = try #require(totals.batchSizes.last)
        #expect((three.runCount, three.runNanoseconds, three.assemblyNanoseconds, three.encodeNanoseconds) == (2, 300, 30, 12))
    }

    @Test("list a bounded number of sizes, whatever clients send")
    func bounded() {
        let metrics = ServingMetrics()
        let signature = SignatureMetrics(metrics, BatchMetrics(metrics), model: "m", version: 1, signature: "s")
        for size in 1...1000 { signature.countBatch(rowCount: size, executedRowCount: size, nanoseconds: 1) }
        #expect(signature.totals.batchSizes.count <= 256)
        #expect(signature.totals.executionCount == 1000)
    }
}

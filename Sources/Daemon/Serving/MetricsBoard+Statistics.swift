package import OpenInference
package import ServableCore
import Telemetry

/// The Open Inference Protocol's statistics, from the metrics of a version's signatures.
extension MetricsBoard: InferenceStatisticsSource {
    package func statistics(of id: ServableID) -> InferenceStatistics {
        signatureMetrics(of: id).reduce(into: InferenceStatistics()) { $0.add(InferenceStatistics($1.totals)) }
    }
}

extension InferenceStatistics {
    fileprivate init(_ totals: SignatureTotals) {
        self.init()
        lastInference = UInt64(max(0, totals.lastSuccess))
        inferenceCount = totals.rowCount
        executionCount = totals.executionCount
        success = Total(totals.success)
        failure = Total(totals.failure)
        queue = Total(totals.queue)
        input = Total(totals.assembly)
        run = Total(totals.run)
        output = Total(totals.encode)
        batches = totals.batchSizes.map { batch in
            func total(_ nanoseconds: Int64) -> Total {
                Total(count: UInt64(max(0, batch.runCount)), nanoseconds: UInt64(max(0, nanoseconds)))
            }
            return Batch(
                rowCount: batch.size, input: total(batch.assemblyNanoseconds), run: total(batch.runNanoseconds),
                output: total(batch.encodeNanoseconds))
        }
    }
}

extension InferenceStatistics.Total {
    fileprivate init(_ total: SignatureTotals.Total) { self.init(count: total.count, nanoseconds: total.nanoseconds) }
}

import ModelServing
import ServableCore
import Synchronization
import Telemetry

/// The metrics that a request to one signature touches.
final class SignatureGauge: SignatureMeter {
    let signature: SignatureMetrics
    private let metrics: ServingMetrics
    private let id: ServableID

    init(_ metrics: ServingMetrics, _ batches: BatchMetrics, _ id: ServableID, signature: String) {
        self.metrics = metrics
        self.id = id
        self.signature = SignatureMetrics(metrics, batches, model: id.name, version: id.version, signature: signature)
    }

    func took(rowCount: Int, inputCount: Int, waited nanoseconds: Int64) {
        signature.countTask(rowCount: rowCount, inputCount: inputCount, waited: nanoseconds)
    }

    func ran(_ batch: BatchRun) {
        signature.countBatch(
            rowCount: batch.rowCount, executedRowCount: batch.executedRowCount, nanoseconds: batch.nanoseconds,
            assemblyNanoseconds: batch.assemblyNanoseconds)
    }

    func failedToSplit() { signature.countUnsplitBatch() }

    func wrote(nanoseconds: Int64) { signature.countWrite(nanoseconds: nanoseconds) }

    func finished(_ record: CallRecord, _ outcome: CallOutcome) {
        guard outcome.status == .ok, let api = SignatureMetrics.API(record.api) else {
            return finishedOtherwise(record, outcome)
        }
        signature.countSuccess(
            api, isGRPC: record.entrypoint == .grpc, nanoseconds: outcome.nanoseconds, exampleCount: record.exampleCount,
            Self.parts(record, outcome),
            batchRowCount: outcome.times?.batchRowCount ?? 1)
    }

    private static func parts(_ record: CallRecord, _ outcome: CallOutcome) -> SignatureMetrics.Call? {
        outcome.times.map { times in
            SignatureMetrics.Call(
                read: record.start - record.arrival, parse: times.submitted - record.start, queue: times.taken - times.submitted,
                assemble: times.assembled - times.taken, run: times.ended - times.assembled,
                encode: record.start + outcome.nanoseconds - times.ended)
        }
    }

    /// Failures, and calls that ask for something else, which have no handles of their own.
    private func finishedOtherwise(_ record: CallRecord, _ outcome: CallOutcome) {
        guard outcome.status == .ok else {
            return signature.countFailure(status: outcome.status.name, nanoseconds: outcome.nanoseconds)
        }
        signature.countSuccess(
            nanoseconds: outcome.nanoseconds, Self.parts(record, outcome), batchRowCount: outcome.times?.batchRowCount ?? 1)
        metrics.count(record, outcome, of: id.name)
    }
}

extension SignatureMetrics.API {
    fileprivate init?(_ api: CallRecord.API) {
        switch api {
        case .predict: self = .predict
        case .classify: self = .classify
        case .regress: self = .regress
        case .other: return nil
        }
    }
}

extension ServingMetrics {
    /// Counts a request by its model alone.
    func count(_ record: CallRecord, _ outcome: CallOutcome, of model: String) {
        requestCount.cell(model, outcome.status.name).increment()
        guard outcome.status == .ok else { return }
        requestLatency.cell(model, record.api.rawValue, record.entrypoint.rawValue).observe(outcome.nanoseconds)
    }
}

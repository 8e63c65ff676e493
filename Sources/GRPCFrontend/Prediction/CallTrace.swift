import CPlatform
import ModelServing
import ServableCore

/// The record of one call to a model, and who hears of it: finished once, when the call's result is ready.
struct CallTrace: Sendable {
    private(set) var record: CallRecord
    private var observer: (any CallObserver)?

    init(_ api: CallRecord.API, _ call: IncomingCall, _ environment: CallEnvironment) {
        record = CallRecord(entrypoint: .grpc, start: call.start)
        record.api = api
        observer = environment.observer
    }

    mutating func note(model: String) { record.model = model }
    mutating func note(exampleCount: Int) { record.exampleCount = exampleCount }

    /// Notes what answers: its own meter, which knows whose it is, hears of the call then.
    mutating func note(_ signature: CallableSignature) {
        if let meter = signature.meter { observer = meter } else { record.note(signature.id, signature: signature.name) }
    }

    func finish(_ code: StatusCode, _ times: CallTimes? = nil) {
        observer?.finished(record, CallOutcome(status: code, nanoseconds: apus_monotonic_nanoseconds() - record.start, times: times))
    }
}

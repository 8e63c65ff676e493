import ModelServing
import ProtobufWire
import ServableCore

/// Where requests are recorded, with their responses.
package protocol RequestLog: AnyObject, Sendable {
    var format: RequestLogFormat { get }
    /// The part of all requests that is recorded: 1 for all.
    var samplingRate: Double { get }
    /// Bytes of tensors of one request and its response, beyond which they are not recorded.
    var recordByteLimit: Int { get }
    /// Whether the next request is to be recorded; called once for each.
    func wantsNext() -> Bool
    /// Takes one whole record of a request to that model. Must not block.
    func append(_ record: [UInt8], of model: String)
    /// Notes that a request to that model was not recorded for a reason of its own.
    func skip(_ reason: RequestLogSkip, of model: String)
}

/// How records are written.
package enum RequestLogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line.
    case json
    /// TensorFlow's record files of `PredictionLog` messages, as warm-up files are.
    case tfrecord
}

/// Why a request was not recorded.
package enum RequestLogSkip: String, Sendable, CaseIterable {
    /// Its tensors are larger than a record may be.
    case tooLarge = "too_large"
    /// Its tensors have no form in the log's format.
    case unwritable
}

/// One request that is to be recorded once its result is there.
struct CallCapture: Sendable {
    private let log: any RequestLog
    private let inputs: CallInputs

    init(_ log: any RequestLog, _ inputs: CallInputs) {
        self.log = log
        self.inputs = inputs
    }

    /// Records the request with its outputs, where they lie.
    func record(_ target: CallableSignature, _ outputs: CallOutputs) {
        let call = RecordedCall(target: target, inputs: inputs, outputs: outputs, samplingRate: log.samplingRate)
        let model = target.id.name
        guard call.byteCount <= log.recordByteLimit else { return log.skip(.tooLarge, of: model) }
        do {
            switch log.format {
            case .json: log.append(try RecordedCallJSON.line(call), of: model)
            case .tfrecord: log.append(TFRecord.framed(try PredictionLogMessage.bytes(call)), of: model)
            }
        } catch {
            log.skip(.unwritable, of: model)
        }
    }
}

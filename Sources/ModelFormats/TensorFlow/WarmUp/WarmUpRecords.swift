import ProtobufWire
import ServingMessages
package import Tensors

/// A call that a version brings along, to be made before the version is served.
package struct WarmUpCall: Sendable {
    package enum Inputs: Sendable {
        /// By the names of the signature's inputs.
        case tensors([String: TensorValue])
        /// Serialized `tf.Example` messages.
        case examples([[UInt8]])
    }

    /// Empty for `serving_default`.
    package let signatureName: String
    package let inputs: Inputs
}

/// Reads the warm-up records of a version, one after the other: TFRecord frames around `PredictionLog` messages.
///
/// Source: tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc.
///
/// Confined to one thread.
package final class WarmUpRecords {
    /// Where the records of a version are, below its folder.
    package static let fileName = "assets.extra/tf_serving_warmup_requests"

    private let session: ImportSession
    private var position = 0
    private var recordNumber = 0

    /// Nil when the version has none.
    ///
    /// - Parameter folder: of the version.
    package init?(of folder: String) throws(ImportError) {
        let folder = ModelFolder(folder)
        guard folder.contains(Self.fileName) else { return nil }
        session = try ImportSession(path: folder.path + Self.fileName, limits: .standard, formatName: "a file of warm-up records")
    }

    package var path: String { session.path }

    /// The calls of the next record: several for one that asks several signatures, none for one that is no call; nil behind the last.
    package func next() throws(ImportError) -> [WarmUpCall]? {
        guard position < session.file.byteCount else { return nil }
        recordNumber += 1
        let range = try nextRange()
        let place = "Failed to parse warmup record: record \(recordNumber)"
        let log = try session.read(range, place: place) { reader throws(WireError) in try TensorFlow.PredictionLog(from: &reader) }
        if let field = log.unsupportedField {
            throw session.unsupported("record \(recordNumber):", "Unsupported log_type for warmup: \(field)")
        }
        if let request = log.predict?.request { return [try call(request)] }
        if let request = log.classify?.request ?? log.regress?.request {
            return [WarmUpCall(signatureName: request.model?.signatureName ?? "", inputs: examples(request.input))]
        }
        let request = log.multiInference?.request
        return (request?.tasks ?? []).map { task in
            WarmUpCall(signatureName: task.model?.signatureName ?? "", inputs: examples(request?.input))
        }
    }

    private func call(_ request: TensorFlow.PredictRequest) throws(ImportError) -> WarmUpCall {
        var tensors: [String: TensorValue] = [:]
        for entry in request.inputs {
            let place = "record \(recordNumber), input \"\(entry.key)\""
            tensors[entry.key] = try TensorProtoDecoder(session: session).value(entry.value ?? TensorFlow.Tensor(), place: place)
        }
        return WarmUpCall(signatureName: request.model?.signatureName ?? "", inputs: .tensors(tensors))
    }

    private func examples(_ input: TensorFlow.Input?) -> WarmUpCall.Inputs {
        // The session holds the contents while the examples are copied.
        .examples(unsafe input?.examples(in: session.file.bytes) ?? [])
    }

    /// Where the data of the next record lie.
    private func nextRange() throws(ImportError) -> Range<Int> {
        do throws(TFRecord.Damage) {
            // The session holds the contents while they are looked at.
            let record = try unsafe TFRecord.record(at: position, in: session.file.bytes)
            position = record.end
            return record.data
        } catch {
            throw session.malformed(
                "record \(recordNumber)", "\(error.reason). Please verify your warmup data is in TFRecord format.")
        }
    }
}

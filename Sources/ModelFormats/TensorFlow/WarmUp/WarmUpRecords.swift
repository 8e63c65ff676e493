import ProtobufWire
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
/// Source: tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc; tensorflow/core/lib/io/record_reader.h: a length of
/// 8 bytes, its masked CRC-32C, the data, their masked CRC-32C, all little-endian; no compression.
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
        let range = try frame()
        let place = "Failed to parse warmup record: record \(recordNumber)"
        let log = try session.read(range, place: place) { reader throws(WireError) in try PredictionLog(from: &reader) }
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

    private func call(_ request: PredictionLog.PredictRequest) throws(ImportError) -> WarmUpCall {
        var tensors: [String: TensorValue] = [:]
        for entry in request.inputs {
            let place = "record \(recordNumber), input \"\(entry.key)\""
            tensors[entry.key] = try TensorProtoDecoder(session: session).value(entry.value ?? TensorFlow.Tensor(), place: place)
        }
        return WarmUpCall(signatureName: request.model?.signatureName ?? "", inputs: .tensors(tensors))
    }

    /// A message is merged with the context by standing behind it.
    private func examples(_ input: PredictionLog.Input?) -> WarmUpCall.Inputs {
        guard let list = input?.list ?? input?.listWithContext else { return .examples([]) }
        let context = list.context.map(bytes) ?? []
        return .examples(list.examples.map { context + bytes($0) })
    }

    private func bytes(_ range: Range<Int>) -> [UInt8] { unsafe Array(session.file.bytes[range]) }

    // MARK: Frames

    private static let headByteCount = 12, footByteCount = 4

    /// Where the data of the next record lie.
    private func frame() throws(ImportError) -> Range<Int> {
        let available = session.file.byteCount - position
        guard available >= Self.headByteCount else { throw damaged("is cut off within its length") }
        let length = integer(at: position, UInt64.self)
        guard checksum(position..<position + 8) == integer(at: position + 8, UInt32.self) else {
            throw damaged("has a wrong checksum of its length")
        }
        guard length <= UInt64(max(0, available - Self.headByteCount - Self.footByteCount)) else {
            throw damaged("is cut off: it has \(length) bytes, \(available - Self.headByteCount) are left")
        }
        let start = position + Self.headByteCount, end = start + Int(length)
        guard checksum(start..<end) == integer(at: end, UInt32.self) else { throw damaged("has a wrong checksum of its data") }
        position = end + Self.footByteCount
        return start..<end
    }

    private func damaged(_ reason: String) -> ImportError {
        session.malformed(
            "record \(recordNumber)", "\(reason). Please verify your warmup data is in TFRecord format.")
    }

    private func checksum(_ range: Range<Int>) -> UInt32 {
        // The session holds the contents while they are looked at.
        unsafe Checksum.masked(of: UnsafeRawBufferPointer(rebasing: session.file.bytes[range]))
    }

    /// - Precondition: its bytes lie in the file.
    private func integer<Integer: FixedWidthInteger>(at offset: Int, _: Integer.Type) -> Integer {
        unsafe Integer(littleEndian: session.file.bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }
}

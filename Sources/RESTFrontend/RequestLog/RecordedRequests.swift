import GraphIR
import HTTPCore
import ModelServing
import ProtobufWire
package import ServableCore
import ServingMessages
import Tensors

/// A request that can be sent again.
package struct RecordedRequest: Sendable, Equatable {
    /// `/v1/models/NAME:predict`: whatever version is served now.
    package let path: String
    /// JSON.
    package let body: [UInt8]
}

/// Reads what a request log has written, of either format.
package enum RecordedRequests {
    /// - Throws: `invalidArgument` or `dataLoss` that names the line or the record, and what is wrong with it.
    package static func read(_ file: [UInt8]) throws(ServableError) -> [RecordedRequest] {
        file.first { !JSONBytes.isWhitespace($0) } == UInt8(ascii: "{") ? try lines(file) : try records(file)
    }

    // MARK: JSON

    private static func lines(_ file: [UInt8]) throws(ServableError) -> [RecordedRequest] {
        var requests: [RecordedRequest] = []
        for (index, line) in file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard !line.allSatisfy(JSONBytes.isWhitespace) else { continue }
            guard let request = unsafe line.withUnsafeBufferPointer({ unsafe request(in: $0) }) else {
                throw ServableError(
                    .invalidArgument, "line \(index + 1) is no record of a request log: expected an object with \"model\" and \"request\"")
            }
            requests.append(request)
        }
        return requests
    }

    /// The model's name and the request's object, as it stands; nil when the line is not sound or lacks one.
    private static func request(in line: UnsafeBufferPointer<UInt8>) -> RecordedRequest? {
        guard let text = unsafe SentinelText(line) else { return nil }
        let validator = unsafe JSONValidator(text.bytes, maximumDepth: 10_000)
        var model: String?, body: [UInt8]?
        do {
            var offset = validator.skipWhitespace(0)
            guard validator.byte(offset) == UInt8(ascii: "{") else { return nil }
            repeat {
                let start = validator.skipWhitespace(offset + 1), value = try validator.skipName(start)
                let end = try validator.skipValue(value)
                let name = unsafe JSONString(at: text.start + start, end: text.end)
                if name.spells("model"), validator.byte(value) == UInt8(ascii: "\"") {
                    model = unsafe JSONString(at: text.start + value, end: text.end).text
                } else if name.spells("request"), validator.byte(value) == UInt8(ascii: "{") {
                    unsafe body = Array(text.bytes[value..<end])
                }
                offset = validator.skipWhitespace(end)
            } while validator.byte(offset) == UInt8(ascii: ",")
            guard validator.byte(offset) == UInt8(ascii: "}") else { return nil }
        } catch {
            return nil
        }
        guard let model, let body else { return nil }
        return RecordedRequest(path: path(of: model), body: body)
    }

    private static func path(of model: String) -> String { "/v1/models/\(PercentEncoding.encode(segment: model)):predict" }

    // MARK: TFRecord

    private static func records(_ file: [UInt8]) throws(ServableError) -> [RecordedRequest] {
        var requests: [RecordedRequest] = []
        for (index, record) in try recordRanges(file).enumerated() {
            do {
                requests.append(
                    try unsafe file[record].withUnsafeBytes { bytes in
                        var reader = unsafe WireReader(bytes)
                        return try unsafe request(TensorFlow.PredictionLog(from: &reader), bytes)
                    })
            } catch {
                throw ServableError(.invalidArgument, "record \(index) is no PredictionLog of a predict request: \(error)")
            }
        }
        return requests
    }

    /// Where the data of every record lie.
    ///
    /// - Throws: `dataLoss` that names the record which is damaged or cut off.
    private static func recordRanges(_ file: [UInt8]) throws(ServableError) -> [Range<Int>] {
        var ranges: [Range<Int>] = [], offset = 0
        while offset < file.count {
            do throws(TFRecord.Damage) {
                let record = try unsafe file.withUnsafeBufferPointer { bytes throws(TFRecord.Damage) in
                    try unsafe TFRecord.record(at: offset, in: UnsafeRawBufferPointer(bytes))
                }
                ranges.append(record.data)
                offset = record.end
            } catch {
                throw ServableError(
                    .dataLoss, "record \(ranges.count) at byte \(offset) is damaged: it \(error.reason); expected a TFRecord file")
            }
        }
        return ranges
    }

    /// Bytes that the tensors of one request may take.
    private static let tensorByteLimit = 1 << 30

    private static func request(_ log: TensorFlow.PredictionLog, _ bytes: UnsafeRawBufferPointer) throws -> RecordedRequest {
        guard let request = log.predict?.request, let spec = request.model, !request.inputs.isEmpty else {
            throw ServableError(.invalidArgument, "it has no predict request with a model and inputs")
        }
        var inputs: [(name: String, value: TensorValue)] = []
        var decoder = unsafe TensorMessageDecoder(bytes, byteLimit: tensorByteLimit)
        for input in request.inputs {
            guard let tensor = input.value else { throw ServableError(.invalidArgument, "input \"\(input.key)\" has no tensor") }
            do throws(TensorMessageError) {
                inputs.append((input.key, try decoder.value(tensor)))
            } catch {
                throw ServableError(.invalidArgument, "input \"\(input.key)\" \(error.reason)")
            }
        }
        var buffer = ByteBuffer()
        buffer.append("{\"signature_name\":")
        buffer.appendJSON(string: spec.signatureName)
        if !request.outputFilter.isEmpty {
            buffer.append(",\"outputs_filter\":")
            buffer.appendJSON(list: request.outputFilter) { name, buffer in buffer.appendJSON(string: name) }
        }
        // Named also when there is one, so that the signature need not be known.
        buffer.append(",\"inputs\":{")
        for (index, input) in inputs.enumerated() {
            let parameter = Signature.Parameter(name: input.name, valueName: input.name, type: input.value.spec.type)
            let values = CallOutputs([RuntimeValue(input.value)])
            if index > 0 { buffer.append(",") }
            buffer.appendJSON(string: input.name)
            buffer.append(":")
            try TensorPayload([parameter], values, format: .columnar, keepsBytes: true).appendValue(to: &buffer)
            withExtendedLifetime(input) {}
        }
        buffer.append("}}")
        return RecordedRequest(path: path(of: spec.name), body: unsafe Array(buffer.bytes))
    }
}

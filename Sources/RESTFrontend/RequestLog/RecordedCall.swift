import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import Tensors

/// A request with its result, as both are written down; valid while the outputs are lent.
struct RecordedCall {
    let target: CallableSignature
    let inputs: CallInputs
    let outputs: CallOutputs
    let samplingRate: Double
    let time = Timestamp.now()

    /// Of the values that were given: the signature's inputs, and behind them the constants that were replaced.
    var parameters: [Signature.Parameter] { inputs.count == target.inputs.count ? target.inputs : target.accepted }

    /// Of the tensors, also of those that sequences and maps are made of.
    var byteCount: Int {
        var count = inputs.values.reduce(0) { $0 + $1.recordedByteCount }
        for index in 0..<outputs.count {
            switch outputs[index] {
            case .dense(let view): count += view.spec.byteCount
            case .object(let value): count += value.recordedByteCount
            }
        }
        return count
    }
}

extension RuntimeValue {
    /// Of the tensors that it is made of, and of a map's keys.
    fileprivate var recordedByteCount: Int {
        switch self {
        case .tensor(let tensor): tensor.spec.byteCount
        case .strings(let strings): strings.byteCount
        case .optional(let content): content?.recordedByteCount ?? 0
        case .sequence(let elements): elements.reduce(0) { $0 + $1.recordedByteCount }
        case .map(.integers(let entries)): entries.reduce(0) { $0 + MemoryLayout<Int64>.size + $1.value.recordedByteCount }
        case .map(.strings(let entries)): entries.reduce(0) { $0 + $1.key.count + $1.value.recordedByteCount }
        // They have no form in a record.
        case .list, .resource: 0
        }
    }
}

/// `{"time": …, "model": …, "version": …, "request": {…}, "response": {…}}`: the request's object is the body that asks for the same
/// again, in column form.
enum RecordedCallJSON {
    static func line(_ call: RecordedCall) throws(ServableError) -> [UInt8] {
        let target = call.target, inputs = CallOutputs(call.inputs.values)
        let request = try payload(call.parameters, inputs), response = try payload(target.outputs, call.outputs)
        var buffer = ByteBuffer()
        buffer.append("{\"time\":")
        buffer.appendJSON(string: call.time.description)
        buffer.append(",\"model\":")
        buffer.appendJSON(string: target.id.name)
        buffer.append(",\"version\":")
        buffer.append(decimal: Int(target.id.version))
        buffer.append(",\"request\":{\"signature_name\":")
        buffer.appendJSON(string: target.name)
        if target.isFiltered {
            buffer.append(",\"outputs_filter\":")
            buffer.appendJSON(list: target.outputs) { output, buffer in buffer.appendJSON(string: output.name) }
        }
        buffer.append(",\"inputs\":")
        request.appendValue(to: &buffer)
        buffer.append("},\"response\":{\"outputs\":")
        response.appendValue(to: &buffer)
        buffer.append("}}\n")
        // The payloads are views of these.
        withExtendedLifetime((call, inputs)) {}
        return unsafe Array(buffer.bytes)
    }

    private static func payload(_ parameters: [Signature.Parameter], _ values: CallOutputs) throws(ServableError) -> TensorPayload {
        try TensorPayload(parameters, values, format: .columnar, keepsBytes: true)
    }
}

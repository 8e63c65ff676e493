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

    /// Of the tensors.
    var byteCount: Int {
        var count = inputs.values.reduce(0) { $0 + ($1.tensorValue?.byteCount ?? 0) }
        for index in 0..<outputs.count {
            switch outputs[index] {
            case .dense(let view): count += view.spec.byteCount
            case .object(.tensor(let tensor)): count += tensor.spec.byteCount
            case .object(.strings(let strings)): count += strings.byteCount
            case .object: break
            }
        }
        return count
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

import GraphIR
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Tensors

/// The tensor codec without HTTP and models around it.
enum Codec {
    /// A request, and what it names.
    struct Reading {
        let envelope: PredictEnvelope
        let format: TensorFormat
        let inputs: [TensorValue]
    }

    static func signature(_ inputs: [(String, ElementType)]) -> Signature {
        let parameters = inputs.map { Signature.Parameter(name: $0.0, valueName: $0.0, type: TensorType($0.1, nil)) }
        return Signature(name: Signature.defaultName, inputs: parameters, outputs: [])
    }

    static func read(
        _ body: [UInt8], _ inputs: [(String, ElementType)], addressing: PredictAddressing = .url,
        dialect: TensorJSONDialect = .extended, limits: TensorJSONLimits = .init()
    ) throws(ServableError) -> Reading {
        let reader = PredictBodyReader(dialect: dialect, limits: limits)
        let result = try read(body, inputs, addressing, reader)
        guard body.count < 1000 else { return result }
        // Small bodies are read from a copy, large ones where they are. Leading whitespace makes them large.
        let large = try read([UInt8](repeating: 0x20, count: 1000) + body, inputs, addressing, reader)
        guard large.envelope == result.envelope, large.format == result.format, large.inputs.count == result.inputs.count,
            zip(large.inputs, result.inputs).allSatisfy({ VectorTensors.areEqual($0, $1) })
        else { throw ServableError(.internal, "a body is read differently when whitespace precedes it") }
        return result
    }

    private static func read(
        _ body: [UInt8], _ inputs: [(String, ElementType)], _ addressing: PredictAddressing, _ reader: PredictBodyReader
    ) throws(ServableError) -> Reading {
        // In memory of its very own size, so that a sanitizer sees every read behind it.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: body.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: body)
        var envelope = PredictEnvelope()
        let body = try reader.read(UnsafeRawBufferPointer(copy), addressing: addressing) { found in
            envelope = found
            return signature(inputs).inputs
        }
        return Reading(envelope: envelope, format: body.format, inputs: body.inputs.values.compactMap(\.tensorValue))
    }

    static func read(
        _ body: String, _ inputs: [(String, ElementType)] = [("x", .float32)], addressing: PredictAddressing = .url,
        dialect: TensorJSONDialect = .extended, limits: TensorJSONLimits = .init()
    ) throws(ServableError) -> Reading {
        try read(Array(body.utf8), inputs, addressing: addressing, dialect: dialect, limits: limits)
    }

    /// The only input's tensor.
    static func tensor(_ body: String, _ type: ElementType = .float32) throws -> Tensor {
        guard case .dense(let tensor) = try read(body, [("x", type)]).inputs[0] else {
            throw ServableError(.internal, "not dense")
        }
        return tensor
    }

    static func refusal(
        _ body: String, _ inputs: [(String, ElementType)] = [("x", .float32)], addressing: PredictAddressing = .url,
        limits: TensorJSONLimits = .init()
    ) -> ServableError? {
        do {
            _ = try read(body, inputs, addressing: addressing, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    static func text(
        _ outputs: [(name: String, value: TensorValue)], format: TensorFormat, dialect: TensorJSONDialect = .extended,
        nonfinite: NonfiniteForm = .bare
    ) throws(ServableError) -> String {
        var buffer = ByteBuffer()
        buffer.append("{")
        try TensorPayload.append(outputs, format: format, dialect: dialect, nonfinite: nonfinite, to: &buffer)
        buffer.append("}")
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    static func text(_ body: (inout ByteBuffer) -> Void) -> String {
        var buffer = ByteBuffer()
        body(&buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    /// The values of one tensor as they are written, without brackets.
    static func numbers<Scalar: TensorScalar>(_ values: [Scalar]) throws -> [String] {
        let tensor = Tensor(values, shape: Shape([values.count]))
        let text = try text([(name: "y", value: .dense(tensor))], format: .columnar)
        return text.dropFirst("{\"outputs\":[".count).dropLast(2).split(separator: ",").map(String.init)
    }
}

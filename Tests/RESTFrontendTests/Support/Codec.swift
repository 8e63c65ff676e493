import GraphIR
import HTTPCore
import RESTFrontend
import ServableCore
import Tensors

/// The tensor codec without HTTP and models around it.
enum Codec {
    static func signature(_ inputs: [(String, ElementType)]) -> Signature {
        let parameters = inputs.map { Signature.Parameter(name: $0.0, valueName: $0.0, type: TensorType($0.1, nil)) }
        return Signature(name: Signature.defaultName, inputs: parameters, outputs: [])
    }

    static func read(
        _ body: [UInt8], _ inputs: [(String, ElementType)], addressing: PredictAddressing = .url,
        dialect: TensorJSONDialect = .extended, limits: TensorJSONLimits = .init()
    ) throws(ServableError) -> PredictBody<PredictEnvelope> {
        // In memory of its very own size, so that a sanitizer sees every read behind it.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: body.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: body)
        let reader = PredictBodyReader(dialect: dialect, limits: limits)
        return try reader.read(UnsafeRawBufferPointer(copy), addressing: addressing) { envelope in
            (envelope, signature(inputs))
        }
    }

    static func read(
        _ body: String, _ inputs: [(String, ElementType)] = [("x", .float32)], addressing: PredictAddressing = .url,
        dialect: TensorJSONDialect = .extended, limits: TensorJSONLimits = .init()
    ) throws(ServableError) -> PredictBody<PredictEnvelope> {
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
        _ outputs: [(name: String, value: TensorValue)], format: TensorFormat, dialect: TensorJSONDialect = .extended
    ) throws(ServableError) -> String {
        let payload = try TensorPayload(outputs, format: format, dialect: dialect)
        return text { buffer in
            buffer.append("{")
            payload.append(to: &buffer)
            buffer.append("}")
        }
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

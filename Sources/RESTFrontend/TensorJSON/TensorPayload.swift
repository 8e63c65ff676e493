package import GraphIR
package import HTTPCore
package import ServableCore
package import Tensors

/// The outputs of a predict request, ready to be written as `"predictions": …` or `"outputs": …`.
///
/// Whatever can be refused is refused when it is made, so that writing cannot fail.
package struct TensorPayload: Sendable {
    private let format: TensorFormat
    /// The only output when that is dense, as most models' is: to hold and to write it moves no reference.
    private let only: Tensor?
    /// Otherwise all outputs, by name in byte order, as TensorFlow Serving's map has them.
    private let outputs: [Output]

    private struct Output: Sendable {
        let name: String
        let value: TensorValue
    }

    /// - Parameters:
    ///   - outputs: names and values, in any order; names differ.
    ///   - format: the request's.
    package init(
        _ outputs: [(name: String, value: TensorValue)], format: TensorFormat, dialect: TensorJSONDialect = .extended
    ) throws(ServableError) {
        guard let first = outputs.first else {
            throw ServableError(.invalidArgument, "Cannot convert empty tensor map to JSON")
        }
        let rowCount = first.value.shape.extents.first
        for (name, value) in outputs {
            try Self.check(name, value.elementType, value.shape, rowCount: rowCount, format, dialect)
        }
        self.format = format
        if outputs.count == 1, case .dense(let tensor) = first.value {
            only = tensor
            self.outputs = []
        } else {
            only = nil
            self.outputs = outputs.map { Output(name: $0.name, value: $0.value) }
                .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
    }

    /// - Parameters:
    ///   - outputs: the signature's.
    ///   - tensors: in the same order.
    ///   - format: the request's.
    package init(
        _ outputs: [Signature.Parameter], _ tensors: [Tensor], format: TensorFormat, dialect: TensorJSONDialect = .extended
    ) throws(ServableError) {
        guard outputs.count == 1, tensors.count == 1 else {
            try self.init(zip(outputs, tensors).map { ($0.name, .dense($1)) }, format: format, dialect: dialect)
            return
        }
        let tensor = tensors[0]
        try Self.check(outputs[0].name, tensor.elementType, tensor.shape, rowCount: nil, format, dialect)
        self = Self(tensor, format)
    }

    private init(_ only: Tensor, _ format: TensorFormat) {
        self.format = format
        self.only = only
        outputs = []
    }

    private static func check(
        _ name: String, _ type: ElementType, _ shape: Shape, rowCount: Int?, _ format: TensorFormat, _ dialect: TensorJSONDialect
    ) throws(ServableError) {
        guard dialect.supports(type) else {
            throw ServableError(.invalidArgument, "Failed to write JSON value for tensor type: \(type.tensorFlowName)")
        }
        guard format == .row else { return }
        guard let count = shape.extents.first else {
            throw ServableError(.invalidArgument, "Tensor name: \(name) has no shape information ")
        }
        if let rowCount, count != rowCount {
            let facts = "inconsistent batch size: \(count) expecting: \(rowCount)"
            throw ServableError(.invalidArgument, "Tensor name: \(name) has \(facts)")
        }
    }

    /// Appends the member, name and value.
    package func append(to buffer: inout ByteBuffer) {
        buffer.append(format == .row ? "\"predictions\":" : "\"outputs\":")
        if let only { return DenseWriter.append(only, row: nil, to: &buffer) }
        guard outputs.count > 1 else { return append(outputs[0], row: nil, to: &buffer) }
        guard format == .row else { return append(outputs, row: nil, to: &buffer) }
        buffer.appendJSON(list: 0..<outputs[0].value.shape[0]) { row, buffer in append(outputs, row: row, to: &buffer) }
    }

    /// Appends an object of the outputs, or of one row of each.
    private func append(_ outputs: [Output], row: Int?, to buffer: inout ByteBuffer) {
        buffer.appendJSON(object: outputs.lazy.map { (key: $0.name, value: $0) }) { output, buffer in
            append(output, row: row, to: &buffer)
        }
    }

    /// Appends one row of an output, or all of it.
    private func append(_ output: Output, row: Int?, to buffer: inout ByteBuffer) {
        switch output.value {
        case .dense(let tensor): DenseWriter.append(tensor, row: row, to: &buffer)
        case .strings(let tensor): append(tensor, row: row, asBase64: output.name.hasSuffix("_bytes"), to: &buffer)
        }
    }

    private func append(_ tensor: StringTensor, row: Int?, asBase64: Bool, to buffer: inout ByteBuffer) {
        NestedLists.withRun(of: tensor.shape, row: row) { extents, start in
            var index = start
            NestedLists.forEachRun(extents) { run in
                for _ in 0..<run.separator { buffer.append(UInt8(ascii: ",")) }
                for _ in 0..<run.opened { buffer.append(UInt8(ascii: "[")) }
                for offset in 0..<run.elementCount {
                    if offset > 0 { buffer.append(UInt8(ascii: ",")) }
                    append(tensor.elements[index], asBase64: asBase64, to: &buffer)
                    index += 1
                }
                for _ in 0..<run.closed { buffer.append(UInt8(ascii: "]")) }
            }
        }
    }

    private func append(_ bytes: [UInt8], asBase64: Bool, to buffer: inout ByteBuffer) {
        guard asBase64 else { return buffer.appendJSON(string: bytes) }
        buffer.append("{\"b64\":\"")
        Base64.encode(bytes) { buffer.append($0) }
        buffer.append("\"}")
    }
}

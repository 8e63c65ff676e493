package import GraphIR
package import HTTPCore
package import ServableCore
package import Tensors

/// The outputs of a predict request, ready to be written as `"predictions": …` or `"outputs": …`.
///
/// Whatever can be refused is refused when it is made, so that writing cannot fail.
package struct TensorPayload: Sendable {
    private let format: TensorFormat
    private let outputs: Outputs

    private struct Output: Sendable {
        let name: String
        let value: TensorValue
    }

    /// Most models have one output, for which no array is made.
    private enum Outputs {
        case one(Output)
        /// By name in byte order, as TensorFlow Serving's map has them.
        case several([Output])
    }

    /// - Parameters:
    ///   - outputs: names and values, in any order; names differ.
    ///   - format: the request's.
    package init(
        _ outputs: [(name: String, value: TensorValue)], format: TensorFormat, dialect: TensorJSONDialect = .extended
    ) throws(ServableError) {
        if outputs.count == 1 {
            try self.init(.one(Output(name: outputs[0].name, value: outputs[0].value)), format, dialect)
        } else {
            let ordered = outputs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            try self.init(.several(ordered.map { Output(name: $0.name, value: $0.value) }), format, dialect)
        }
    }

    /// - Parameters:
    ///   - outputs: the signature's.
    ///   - tensors: in the same order.
    ///   - format: the request's.
    package init(
        _ outputs: [Signature.Parameter], _ tensors: [Tensor], format: TensorFormat, dialect: TensorJSONDialect = .extended
    ) throws(ServableError) {
        if outputs.count == 1, tensors.count == 1 {
            try self.init(.one(Output(name: outputs[0].name, value: .dense(tensors[0]))), format, dialect)
        } else {
            try self.init(zip(outputs, tensors).map { ($0.name, .dense($1)) }, format: format, dialect: dialect)
        }
    }

    private init(_ outputs: Outputs, _ format: TensorFormat, _ dialect: TensorJSONDialect) throws(ServableError) {
        self.format = format
        self.outputs = outputs
        try check(dialect)
    }

    private func check(_ dialect: TensorJSONDialect) throws(ServableError) {
        switch outputs {
        case .one(let output): try check(output, rowCount: nil, dialect)
        case .several(let outputs):
            guard let first = outputs.first else {
                throw ServableError(.invalidArgument, "Cannot convert empty tensor map to JSON")
            }
            let rowCount = first.value.shape.extents.first
            for output in outputs { try check(output, rowCount: rowCount, dialect) }
        }
    }

    private func check(_ output: Output, rowCount: Int?, _ dialect: TensorJSONDialect) throws(ServableError) {
        guard dialect.supports(output.value.elementType) else {
            throw ServableError(
                .invalidArgument, "Failed to write JSON value for tensor type: \(output.value.elementType.tensorFlowName)")
        }
        guard format == .row else { return }
        guard let count = output.value.shape.extents.first else {
            throw ServableError(.invalidArgument, "Tensor name: \(output.name) has no shape information ")
        }
        if let rowCount, count != rowCount {
            let facts = "inconsistent batch size: \(count) expecting: \(rowCount)"
            throw ServableError(.invalidArgument, "Tensor name: \(output.name) has \(facts)")
        }
    }

    /// Appends the member, name and value.
    package func append(to buffer: inout ByteBuffer) {
        buffer.append(format == .row ? "\"predictions\":" : "\"outputs\":")
        switch outputs {
        case .one(let output): append(output, row: nil, to: &buffer)
        case .several(let outputs):
            guard format == .row else { return append(outputs, row: nil, to: &buffer) }
            buffer.appendJSON(list: 0..<outputs[0].value.shape[0]) { row, buffer in append(outputs, row: row, to: &buffer) }
        }
    }

    /// Appends an object of the outputs, or of one row of each.
    private func append(_ outputs: [Output], row: Int?, to buffer: inout ByteBuffer) {
        buffer.appendJSON(object: outputs.lazy.map { (key: $0.name, value: $0) }) { output, buffer in
            append(output, row: row, to: &buffer)
        }
    }

    /// Appends one row of an output, or all of it.
    private func append(_ output: Output, row: Int?, to buffer: inout ByteBuffer) {
        let shape = output.value.shape
        let extents = row == nil ? shape.extents[...] : shape.extents.dropFirst()
        let start = row.map { $0 * extents.reduce(1, *) } ?? 0
        switch output.value {
        case .dense(let tensor):
            DenseWriter.append(tensor.view, firstElement: start, extents, to: &buffer)
            // The view points into the tensor's memory.
            withExtendedLifetime(tensor) {}
        case .strings(let tensor):
            append(tensor, firstElement: start, extents, asBase64: output.name.hasSuffix("_bytes"), to: &buffer)
        }
    }

    private func append(
        _ tensor: StringTensor, firstElement: Int, _ extents: ArraySlice<Int>, asBase64: Bool, to buffer: inout ByteBuffer
    ) {
        var index = firstElement
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

    private func append(_ bytes: [UInt8], asBase64: Bool, to buffer: inout ByteBuffer) {
        guard asBase64 else { return buffer.appendJSON(string: bytes) }
        buffer.append("{\"b64\":\"")
        Base64.encode(bytes) { buffer.append($0) }
        buffer.append("\"}")
    }
}

package import HTTPCore
package import ServableCore
import Tensors

/// The outputs of a predict request, ready to be written as `"predictions": …` or `"outputs": …`.
///
/// Whatever can be refused is refused when it is made, so that writing cannot fail.
package struct TensorPayload: Sendable {
    private let format: TensorFormat
    /// By name in byte order, as TensorFlow Serving's map has them.
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
        for (name, value) in outputs {
            guard dialect.supports(value.elementType) else {
                throw ServableError(
                    .invalidArgument, "Failed to write JSON value for tensor type: \(value.elementType.tensorFlowName)")
            }
            guard format == .row else { continue }
            guard value.shape.rank > 0 else {
                throw ServableError(.invalidArgument, "Tensor name: \(name) has no shape information ")
            }
            guard value.shape[0] == first.value.shape[0] else {
                let facts = "inconsistent batch size: \(value.shape[0]) expecting: \(first.value.shape[0])"
                throw ServableError(.invalidArgument, "Tensor name: \(name) has \(facts)")
            }
        }
        self.format = format
        self.outputs = outputs.map { Output(name: $0.name, value: $0.value) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Appends the member, name and value.
    package func append(to buffer: inout ByteBuffer) {
        switch format {
        case .row:
            buffer.append("\"predictions\":")
            appendRows(to: &buffer)
        case .columnar:
            buffer.append("\"outputs\":")
            appendColumns(to: &buffer)
        }
    }

    private func appendColumns(to buffer: inout ByteBuffer) {
        guard outputs.count > 1 else { return append(outputs[0], row: nil, to: &buffer) }
        buffer.appendJSON(object: outputs.lazy.map { (key: $0.name, value: $0) }) { output, buffer in
            append(output, row: nil, to: &buffer)
        }
    }

    private func appendRows(to buffer: inout ByteBuffer) {
        guard outputs.count > 1 else { return append(outputs[0], row: nil, to: &buffer) }
        buffer.appendJSON(list: 0..<outputs[0].value.shape[0]) { row, buffer in
            buffer.appendJSON(object: outputs.lazy.map { (key: $0.name, value: $0) }) { output, buffer in
                append(output, row: row, to: &buffer)
            }
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

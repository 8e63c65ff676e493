package import GraphIR
package import HTTPCore
package import ModelServing
package import ServableCore
package import Tensors

/// The outputs of a predict request, ready to be written as `"predictions": …` or `"outputs": …`, where they lie.
///
/// Whatever can be refused is refused when it is made, so that writing cannot fail. Valid as long as the outputs are.
package struct TensorPayload {
    private let format: TensorFormat
    /// The only output when that is dense, as most models' is: to hold and to write it takes no memory.
    private let only: TensorView?
    /// Otherwise all outputs, by name in byte order, as TensorFlow Serving's map has them.
    private let outputs: [Output]

    private enum Contents {
        case dense(TensorView)
        case strings(StringTensor)

        var shape: Shape {
            switch self {
            case .dense(let view): view.shape
            case .strings(let tensor): tensor.shape
            }
        }

        var elementType: ElementType {
            switch self {
            case .dense(let view): view.elementType
            case .strings: .string
            }
        }
    }

    private struct Output {
        let name: String
        let contents: Contents
    }

    /// - Parameters:
    ///   - parameters: the signature's outputs.
    ///   - results: in the same order.
    ///   - format: the request's.
    package init(
        _ parameters: borrowing [Signature.Parameter], _ results: borrowing CallOutputs, format: TensorFormat,
        dialect: TensorJSONDialect = .extended
    ) throws(ServableError) {
        self.format = format
        let count = min(parameters.count, results.count)
        guard count > 0 else { throw ServableError(.invalidArgument, "Cannot convert empty tensor map to JSON") }
        if count == 1, case .dense(let view) = results[0] {
            try Self.check(parameters[0].name, view.spec.elementType, view.spec.shape, rowCount: nil, format, dialect)
            only = view
            outputs = []
            return
        }
        var outputs: [Output] = []
        for index in 0..<count {
            outputs.append(Output(name: parameters[index].name, contents: try Self.contents(results[index], parameters[index].name)))
        }
        let rowCount = outputs[0].contents.shape.extents.first
        for output in outputs {
            try Self.check(output.name, output.contents.elementType, output.contents.shape, rowCount: rowCount, format, dialect)
        }
        only = nil
        self.outputs = outputs.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func contents(_ value: ValueView, _ name: String) throws(ServableError) -> Contents {
        switch value {
        case .dense(let view): return .dense(view)
        case .object(.tensor(let tensor)): return .dense(tensor.view)
        case .object(.strings(let tensor)): return .strings(tensor)
        case .object(let other):
            throw ServableError(.unimplemented, "output \"\(name)\" is \(other.kind), which has no form in JSON yet")
        }
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

    /// Appends outputs that the caller holds as values.
    package static func append(
        _ outputs: [(name: String, value: TensorValue)], format: TensorFormat, dialect: TensorJSONDialect = .extended,
        to buffer: inout ByteBuffer
    ) throws(ServableError) {
        let parameters = outputs.map { output in
            Signature.Parameter(name: output.name, valueName: output.name, type: output.value.spec.type)
        }
        let results = CallOutputs(outputs.map { RuntimeValue($0.value) })
        try TensorPayload(parameters, results, format: format, dialect: dialect).append(to: &buffer)
        // The payload was a view of the values.
        withExtendedLifetime(outputs) {}
    }

    /// Appends the member, name and value.
    package func append(to buffer: inout ByteBuffer) {
        buffer.append(format == .row ? Self.predictions : Self.outputs)
        if let only { return DenseWriter.append(only, row: nil, to: &buffer) }
        guard outputs.count > 1 else { return append(outputs[0], row: nil, to: &buffer) }
        guard format == .row else { return append(outputs, row: nil, to: &buffer) }
        buffer.appendJSON(list: 0..<outputs[0].contents.shape[0]) { row, buffer in append(outputs, row: row, to: &buffer) }
    }

    // Named with their type, as a literal argument would be a String first.
    private static let predictions: StaticString = "\"predictions\":"
    private static let outputs: StaticString = "\"outputs\":"

    /// Appends an object of the outputs, or of one row of each.
    private func append(_ outputs: [Output], row: Int?, to buffer: inout ByteBuffer) {
        buffer.appendJSON(object: outputs.lazy.map { (key: $0.name, value: $0) }) { output, buffer in
            append(output, row: row, to: &buffer)
        }
    }

    /// Appends one row of an output, or all of it.
    private func append(_ output: Output, row: Int?, to buffer: inout ByteBuffer) {
        switch output.contents {
        case .dense(let view): DenseWriter.append(view, row: row, to: &buffer)
        case .strings(let tensor): append(tensor, row: row, asBase64: output.name.hasSuffix("_bytes"), to: &buffer)
        }
    }

    private func append(_ tensor: StringTensor, row: Int?, asBase64: Bool, to buffer: inout ByteBuffer) {
        unsafe NestedLists.withRun(of: tensor.shape, row: row) { extents, start in
            var index = start
            unsafe NestedLists.forEachRun(extents) { run in
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
